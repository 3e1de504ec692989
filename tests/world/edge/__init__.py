"""A front that behaves as CloudFront would for the distributions of the simulated AWS.

Enters: HTTP from a browser or a test, and what the edges have deployed, from tests/world/aws.
Leaves: the origin's answer. It caches nothing, so that a test always sees the origin.
"""
