"""Why an environment's way through the edge does not go, and the next step. Pure.

CloudFront lets it go in one order only: detach the policy from the primary, delete the policy,
disable the staging distribution, wait until every edge knows, delete it (developer guide, "Quotas
and other considerations for continuous deployment"; DeleteContinuousDeploymentPolicy and
DeleteDistribution in the API reference). What is not yet possible waits for what comes before it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from bot import model
from bot.clearing.finding import Finding

# -- What there is --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Staging:
    """One staging distribution that has the environment's tag or comment."""

    identifier: str
    host: str
    enabled: bool
    deployed: bool
    ours: bool
    """It carries the environment's tag; a comment alone says nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """One policy that leads to the environment, by its header or its staging distribution."""

    identifier: str
    hosts: frozenset[str]
    ours: bool
    """It routes by the environment's header."""


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """Everything of one environment in CloudFront, as it was read."""

    primary_id: str
    attached: str
    """The policy that the primary leads to, whosever it is; empty without one."""
    policies: tuple[Policy, ...]
    staging: tuple[Staging, ...]

    @property
    def drained(self) -> bool:
        """Nothing is left that a destroy would have to wait for, and that may be touched."""
        at_rest = all(
            one.deployed and not one.enabled
            for one in self.staging
            if one.ours and not self._kept(one)
        )
        return at_rest and not any(policy.ours for policy in self.policies)

    def leading(self, one: Staging) -> Policy | None:
        """The policy that leads to a staging distribution; CloudFront allows one."""
        return next((policy for policy in self.policies if one.host in policy.hosts), None)

    def _kept(self, one: Staging) -> bool:
        """Whether somebody else's policy uses it: no waiting ends that."""
        policy = self.leading(one)
        return policy is not None and not policy.ours


# -- What may be done -----------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Detach:
    """Take a policy off the primary, if it is still this one."""

    primary_id: str
    policy_id: str

    @property
    def done(self) -> str:
        """What was done."""
        return f"detached policy {self.policy_id} from primary distribution {self.primary_id}"


@dataclasses.dataclass(frozen=True, slots=True)
class DeletePolicy:
    """Delete a policy that is attached to no primary."""

    policy_id: str

    @property
    def done(self) -> str:
        """What was done."""
        return f"deleted policy {self.policy_id}"


@dataclasses.dataclass(frozen=True, slots=True)
class Disable:
    """Disable a staging distribution that no policy leads to."""

    distribution_id: str

    @property
    def done(self) -> str:
        """What was done."""
        return f"disabled distribution {self.distribution_id}"


@dataclasses.dataclass(frozen=True, slots=True)
class DeleteDistribution:
    """Delete a staging distribution that is disabled at every edge."""

    distribution_id: str

    @property
    def done(self) -> str:
        """What was done."""
        return f"deleted distribution {self.distribution_id}"


EdgeStep = Detach | DeletePolicy | Disable | DeleteDistribution
EdgeFinding = Finding[EdgeStep]


# -- Findings -------------------------------------------------------------------------------------


def findings(route: Route) -> Iterator[EdgeFinding]:
    """What is in the way of everything that is there, in the order in which it goes."""
    for policy in route.policies:
        if policy.identifier == route.attached:
            yield attachment(route, policy)
        yield leading_policy(route, policy)
    for one in route.staging:
        yield staging(route, one)


def attachment(route: Route, policy: Policy) -> EdgeFinding:
    """The primary belongs to production; only our own policy is taken off it."""
    remnant = model.Remnant("Attachment", f"{route.primary_id}/{policy.identifier}")
    why = f"primary distribution {route.primary_id} still leads to policy {policy.identifier}"
    if policy.ours:
        return EdgeFinding(remnant, why, Detach(route.primary_id, policy.identifier))
    return EdgeFinding(remnant, f"{why}, which routes by another header: detach it by hand")


def leading_policy(route: Route, policy: Policy) -> EdgeFinding:
    """A policy goes once its primary has let it go."""
    remnant = model.Remnant("Policy", policy.identifier)
    if not policy.ours:
        return EdgeFinding(
            remnant,
            f"policy {policy.identifier} leads to the environment's staging distribution by a "
            "header that isn't the environment's: delete it by hand",
        )
    if policy.identifier == route.attached:
        return EdgeFinding(
            remnant, f"policy {policy.identifier} can't go before it is detached from its primary"
        )
    return EdgeFinding(
        remnant,
        f"nobody was deleting policy {policy.identifier}",
        DeletePolicy(policy.identifier),
    )


def staging(route: Route, one: Staging) -> EdgeFinding:
    """A staging distribution goes after its policy, disabled at every edge."""
    remnant = model.Remnant("Distribution", one.identifier)
    what = f"distribution {one.identifier}"
    if not one.ours:
        return EdgeFinding(
            remnant,
            f"{what} has the environment's comment but not its tag, so somebody else made it: "
            "delete it by hand if it isn't needed",
        )
    policy = route.leading(one)
    if policy is not None:
        return EdgeFinding(
            remnant, f"{what} can't be disabled before policy {policy.identifier} goes"
        )
    if one.enabled:
        return EdgeFinding(remnant, f"{what} is still enabled", Disable(one.identifier))
    if not one.deployed:
        return EdgeFinding(remnant, f"CloudFront is still bringing the end of {what} to its edges")
    return EdgeFinding(
        remnant, f"{what} is disabled at every edge", DeleteDistribution(one.identifier)
    )
