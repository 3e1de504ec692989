"""The permissions that an App can have, and the events that it can be told of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.world.github import errors, npm

DEFAULT = {
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
"""Shown of an App that was given none, and that may do everything."""
EVENTS = ("check_run", "issue_comment", "pull_request")
"""Shown of an App that was given none."""
ALWAYS = ("installation", "installation_repositories", "installation_target", "meta")
"""Apps are told of these without asking, and can't ask for them."""

_READ = "organization_events organization_plan"
_WRITE = "profile workflows"
_BOTH = """
    actions administration artifact_metadata attestations checks code_quality codespaces contents
    custom_properties_for_organizations dependabot_secrets deployments discussions email_addresses
    environments followers git_ssh_keys gpg_keys interaction_limits issues members merge_queues
    metadata organization_administration organization_announcement_banners
    organization_copilot_agent_settings organization_copilot_seat_management
    organization_custom_org_roles organization_custom_roles organization_hooks
    organization_packages organization_personal_access_token_requests
    organization_personal_access_tokens organization_secrets organization_self_hosted_runners
    organization_user_blocking packages pages pull_requests repository_custom_properties
    repository_hooks secret_scanning_alerts secrets security_events single_file starring statuses
    vulnerability_alerts
"""
_ALL = """
    enterprise_custom_properties_for_organizations organization_custom_properties
    organization_projects repository_projects
"""

LEVELS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_READ.split(), ("read",)),
    **dict.fromkeys(_WRITE.split(), ("write",)),
    **dict.fromkeys(_BOTH.split(), ("read", "write")),
    **dict.fromkeys(_ALL.split(), ("read", "write", "admin")),
}
"""Each permission and the levels that it has, as GitHub's description of the API names them."""


NEEDED = {
    "check_run": ("checks",),
    "check_suite": ("checks",),
    "commit_comment": ("contents",),
    "create": ("contents",),
    "delete": ("contents",),
    "deployment": ("deployments",),
    "deployment_status": ("deployments",),
    "issue_comment": ("issues", "pull_requests"),
    "issues": ("issues",),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "pull_request_review_comment": ("pull_requests",),
    "pull_request_review_thread": ("pull_requests",),
    "push": ("contents",),
    "release": ("contents",),
    "status": ("statuses",),
    "workflow_job": ("actions",),
    "workflow_run": ("actions",),
}
"""Who subscribes to these has one of the permissions; `metadata` is enough for others."""


def permissions(given: Mapping[str, str]) -> dict[str, str]:
    """Permissions of an App, with the one that every App has. Raises Refusal (422)."""
    for fault in permission_faults(given):
        raise errors.invalid("Integration", "default_permissions", fault)
    return {"metadata": "read", **given}


def events(given: Iterable[str], may: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Events that an App with these permissions subscribes to. Raises Refusal (422)."""
    wanted = tuple(given)
    for fault in event_faults(wanted, may):
        raise errors.invalid("Integration", "default_events", fault)
    return wanted


def permission_faults(given: Mapping[str, str]) -> list[str]:
    """What GitHub would say of these permissions."""
    unknown = [name for name in given if name not in LEVELS]
    wrong = [name for name, level in given.items() if level not in LEVELS.get(name, (level,))]
    found = []
    if unknown:
        found.append(f"Default permission records resource is not included: {', '.join(unknown)}")
    found += [f"Default permission {name} has no level {given[name]}" for name in wrong]
    return found


def event_faults(given: Iterable[str], may: Mapping[str, str] | None) -> list[str]:
    """What GitHub would say of these events; without permissions, an App may everything."""
    known = {entry["name"] for entry in npm.load(npm.EXAMPLES)} - set(ALWAYS)
    unsupported = [
        name
        for name in given
        if name not in known
        or (may is not None and name in NEEDED and not set(NEEDED[name]) & set(may))
    ]
    return [f"Default events unsupported: {', '.join(unsupported)}"] if unsupported else []
