"""A stand-in for Pulumi's Kubernetes provider plugin, in the manner of its version 4.

It knows the types that this project's programs use, applies them server-side, and refuses the
rest. What it leaves out: Patch resources, Helm, Kustomize, client-side apply, rendering to YAML,
exec credentials, and taking over fields from kubectl (a conflict is reported instead).
"""
