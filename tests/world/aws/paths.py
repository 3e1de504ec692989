"""Names of the simulated AWS that the real one does not have."""

EDGE_PATH = "/_world/edge"
"""What the edges have deployed, for tests/world/edge."""

HEALTH_PATH = "/_world/health"
"""Answers as soon as the server serves."""

ENDPOINT_TAG = "world/endpoint"
"""The tag of an EKS cluster that says its endpoint."""
