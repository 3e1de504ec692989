"""The real Karpenter on the simulated AWS, and the joiner that boots its instances as nodes."""
