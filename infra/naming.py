"""Every name, label and tag of an environment, with the rule that bounds its length.

Pure. One name serves for the stack, the namespace, the NodePool and the header, so that each
resource can be found, and its absence proved, by listing alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from infra.identity import EnvironmentKey

DNS_LABEL_LENGTH = 63
"""Namespaces, Services and host name parts are DNS labels (RFC 1123, Kubernetes' own rule)."""

NAME_LENGTH = 40
"""Room is left for suffixes of names that are built from the environment's."""

PROJECT = "understudy-preview"
"""The Pulumi project of stacks/preview; the bot's inline program takes the same."""

CLUSTER = "cluster"
EDGE = "edge"
"""The lanes of an environment that have a stack each."""

LABEL_PREFIX = "understudy.dev/"
LABEL_ENVIRONMENT = "understudy.dev/environment"
LABEL_REPOSITORY = "understudy.dev/repository"
LABEL_PULL_REQUEST = "understudy.dev/pull-request"
LABEL_BRANCH = "understudy.dev/branch"
LABEL_DEFINITION = "understudy.dev/definition"
LABEL_SERVICE = "understudy.dev/service"
LABEL_COMMIT = "understudy.dev/commit"
LABEL_JOB = "understudy.dev/job"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY = "understudy"

ANNOTATION_REPOSITORY = "understudy.dev/repository"
"""The repository's exact name; the label of the same key has no room for every character."""
ANNOTATION_BRANCH = "understudy.dev/branch"
"""The branch's exact name, likewise."""
ANNOTATION_DRIVER = "understudy.dev/driver"
"""Who made the environment: `bot`, or `hand`, whose environments are never taken away."""
FIELD_MANAGER = "understudy"
"""The owner of what the program sets (`pulumi.com/patchFieldManager`). Without a name of its own
each creation owns its fields under a random one, and an object whose creation was interrupted
could not be changed by anybody later (server-side apply: field conflict)."""

ANNOTATION_REPLICAS = "understudy.dev/replicas"
"""The replicas that .stage.yaml asks for; spec.replicas itself belongs to others later."""

TAG_ENVIRONMENT = "understudy:environment"
TAG_REPOSITORY = "understudy:repository"
TAG_PULL_REQUEST = "understudy:pull-request"
TAG_BRANCH = "understudy:branch"
TAG_DEFINITION = "understudy:definition"
TAG_DRIVER = "understudy:driver"

EDGE_HEADER_PREFIX = "aws-cf-cd-"
"""CloudFront accepts no other prefix for a header rule (API reference, SingleHeaderConfig)."""

_NOT_DNS = re.compile(r"[^a-z0-9-]+")


def slug(text: str) -> str:
    """Lower-case letters, digits and single hyphens; empty where nothing of that is left."""
    return re.sub(r"-{2,}", "-", _NOT_DNS.sub("-", text.lower())).strip("-")


def environment_name(key: EnvironmentKey) -> str:
    """The environment's name: `pr-<number>-…-<6 hex digits>` or `base-…`, a DNS label.

    The digits come from whatever is not written out in full, so that two owners' repositories of
    one name never share an environment; the readable part is cut to NAME_LENGTH.
    """
    identity = key.repository.lower()
    if key.is_base or key.definition:
        identity = f"{identity}{key.subject if key.is_base else ''}:{key.definition}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:6]
    head = "base-" if key.is_base else f"pr-{key.number}-"
    room = NAME_LENGTH - len(head) - len(digest) - 1
    parts = (key.branch, key.repository.rsplit("/", 1)[-1], key.definition)
    readable = "-".join(filter(None, map(slug, parts)))[:room].strip("-") or "repo"
    return f"{head}{readable}-{digest}"


NAME_FORM = re.compile(r"(?:pr-(?P<number>\d+)|base)-[a-z0-9-]+-[0-9a-f]{6}")
"""The form of an environment's name, for what has a name and no label."""


def stack_name(name: str, lane: str) -> str:
    """The name of the Pulumi stack that holds one lane of an environment.

    By hand, one stack of the environment's own name holds everything.
    """
    return name if lane == CLUSTER else f"{name}-{lane}"


def environment_of(stack: str) -> str:
    """The environment that a stack holds a lane of; the names of environments end in hex digits."""
    return stack.removesuffix(f"-{EDGE}")


def label_value(text: str) -> str:
    """Text as a Kubernetes label value: at most 63 of letters, digits, `-`, `_`, `.`."""
    return re.sub(r"[^A-Za-z0-9._-]", ".", text)[:DNS_LABEL_LENGTH].strip("._-")


def labels(name: str, key: EnvironmentKey) -> dict[str, str]:
    """The labels that every Kubernetes resource of an environment carries."""
    return {
        LABEL_MANAGED_BY: MANAGED_BY,
        LABEL_ENVIRONMENT: name,
        LABEL_REPOSITORY: label_value(key.repository),
        **_subject(key, LABEL_PULL_REQUEST, LABEL_BRANCH, LABEL_DEFINITION),
    }


def owner_annotations(key: EnvironmentKey, driver: str) -> dict[str, str]:
    """What a namespace and a NodePool say of whose they are, exactly, also while no stack does."""
    branch = {ANNOTATION_BRANCH: key.branch} if key.is_base else {}
    return {ANNOTATION_REPOSITORY: key.repository, **branch, ANNOTATION_DRIVER: driver}


def labelled(labels: Mapping[str, str], annotations: Mapping[str, str]) -> EnvironmentKey | None:
    """Whose a Kubernetes resource says that it is; None where it does not tell exactly."""
    return EnvironmentKey.told(
        annotations.get(ANNOTATION_REPOSITORY),
        labels.get(LABEL_PULL_REQUEST) or number_in(labels.get(LABEL_ENVIRONMENT, "")),
        annotations.get(ANNOTATION_BRANCH),
        labels.get(LABEL_DEFINITION),
    )


def tags(name: str, key: EnvironmentKey, driver: str) -> dict[str, str]:
    """The tags that every AWS resource of an environment carries (where it takes tags)."""
    return {
        TAG_ENVIRONMENT: name,
        TAG_REPOSITORY: key.repository,
        **_subject(key, TAG_PULL_REQUEST, TAG_BRANCH, TAG_DEFINITION, exact=True),
        TAG_DRIVER: driver,
    }


def tagged(tags: Mapping[str, str]) -> EnvironmentKey | None:
    """Whose an AWS resource says that it is; None where it does not tell."""
    return EnvironmentKey.told(
        tags.get(TAG_REPOSITORY),
        tags.get(TAG_PULL_REQUEST) or number_in(tags.get(TAG_ENVIRONMENT, "")),
        tags.get(TAG_BRANCH),
        tags.get(TAG_DEFINITION),
    )


def number_in(name: str) -> str | None:
    """The pull request's number in an environment's name; None where there is none."""
    found = NAME_FORM.fullmatch(name)
    return found["number"] if found else None


def _subject(
    key: EnvironmentKey, number: str, branch: str, definition: str, *, exact: bool = False
) -> dict[str, str]:
    named = key.branch if exact else label_value(key.branch)
    told = {branch: named} if key.is_base else {number: str(key.number)}
    return told | ({definition: key.definition} if key.definition else {})


def edge_header(name: str) -> str:
    """The request header that leads to an environment through its primary distribution."""
    return f"{EDGE_HEADER_PREFIX}{name}"


def edge_comment(name: str) -> str:
    """The comment of an environment's staging distribution, which people see in the console."""
    return f"Understudy {name}"


def host(name: str, domain: str) -> str:
    """The environment's own host below the preview domain."""
    return f"{name}.{domain}"


def check(key: EnvironmentKey) -> str:
    """What an environment's check is called beside a commit, which several may share."""
    of = "base" if key.is_base else ""
    return "/".join(filter(None, ("understudy", of, key.definition)))


def github_environment(key: EnvironmentKey) -> str:
    """The name of the GitHub environment that deployments of an environment go to."""
    head = f"base-{key.branch}" if key.is_base else f"pr-{key.number}"
    return f"{head}-{key.definition}" if key.definition else head
