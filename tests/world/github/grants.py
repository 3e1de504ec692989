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


def permissions(given: Mapping[str, str]) -> dict[str, str]:
    """Permissions of an App, with the one that every App has. Raises Refusal (422)."""
    for name, level in given.items():
        if level not in LEVELS.get(name, ()):
            words = f"Default permission records resource is not included in the list: {name}"
            if name in LEVELS:
                words = f"Default permission {name} has no level {level}"
            raise errors.invalid("Integration", "default_permissions", words)
    return {"metadata": "read", **given}


def events(given: Iterable[str]) -> tuple[str, ...]:
    """Events that an App subscribes to. Raises Refusal (422)."""
    wanted = tuple(given)
    known = {entry["name"] for entry in npm.load(npm.EXAMPLES)} - set(ALWAYS)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        words = f"Default events unsupported: {', '.join(unknown)}"
        raise errors.invalid("Integration", "default_events", words)
    return wanted
