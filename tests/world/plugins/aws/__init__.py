"""A stand-in for Pulumi's AWS provider plugin, in the manner of its version 7.

It knows the two CloudFront types that this project's programs use, with the official plugin's
property names, defaults, outputs, diffs and ways to delete, and refuses the rest. What it leaves
out: default tags, assumed roles, waiting for certificates to become visible, and the properties
that a mirrored distribution never has.
"""
