"""The way to an environment through the production domain."""
