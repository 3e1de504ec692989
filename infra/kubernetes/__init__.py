"""What an environment has in the cluster, one component a file."""
