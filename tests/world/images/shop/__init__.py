"""The sample shop: two services that a pull request can be rehearsed with."""
