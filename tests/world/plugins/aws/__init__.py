"""Stand-in for pulumi-resource-aws: the two CloudFront types that the programs use, by boto3.

Property names, defaults and the ways of updating and deleting are those of the official provider
(which bridges Terraform's). Whatever else is asked for is refused, not ignored.
"""
