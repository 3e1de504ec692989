"""A simulated AWS: moto in one process, with what it lacks added in the same protocol.

moto answers for EC2, IAM, EKS, SQS, SSM, STS and ACM. Here are CloudFront's distributions and
continuous deployment (moto keeps neither staging distributions nor policies), prices that follow
an instance's size, and the few EC2 answers that Karpenter reads and moto leaves out.

Enters: the AWS API over HTTP, with any credentials. Leaves: the same, and one address of the
world's own, `/_world/edge`, where tests/world/edge reads what the edges have deployed.
"""
