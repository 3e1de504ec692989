"""The nodes that an environment runs on."""
