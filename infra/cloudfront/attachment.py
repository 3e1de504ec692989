"""The link from a primary distribution to an environment's policy, as a Pulumi resource.

Terraform's distribution resource, and so pulumi-aws, can set a primary's policy but not take it
away (hashicorp/terraform-provider-aws#34511), and the primary belongs to somebody else's program.
So the link is a resource of its own, served by `pulumi-resource-understudy` (infra/plugin).
"""

from __future__ import annotations

import pulumi

TYPE = "understudy:index:EdgeAttachment"


class UnderstudyProvider(pulumi.ProviderResource):
    """Where `pulumi-resource-understudy` finds AWS."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        endpoint: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("understudy", name, {"region": region, "endpoint": endpoint}, opts)


class EdgeAttachment(pulumi.CustomResource):
    """While it exists, the primary leads requests to the policy's staging distribution."""

    primary_id: pulumi.Output[str]
    policy_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        primary_id: pulumi.Input[str],
        policy_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, {"primaryId": primary_id, "policyId": policy_id}, opts)
