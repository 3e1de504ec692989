"""Every name, label and tag of an environment, with the rule that bounds its length.

Pure. One name serves for the stack, the namespace, the NodePool and the header, so that each
resource can be found, and its absence proved, by listing alone.
"""

from __future__ import annotations

import hashlib
import re

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
LABEL_SERVICE = "understudy.dev/service"
LABEL_COMMIT = "understudy.dev/commit"
LABEL_JOB = "understudy.dev/job"
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY = "understudy"

ANNOTATION_REPOSITORY = "understudy.dev/repository"
"""The repository's exact name; the label of the same key has no room for every character."""
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
TAG_DRIVER = "understudy:driver"

EDGE_HEADER_PREFIX = "aws-cf-cd-"
"""CloudFront accepts no other prefix for a header rule (API reference, SingleHeaderConfig)."""

_NOT_DNS = re.compile(r"[^a-z0-9-]+")


def slug(text: str) -> str:
    """Lower-case letters, digits and single hyphens; empty where nothing of that is left."""
    return re.sub(r"-{2,}", "-", _NOT_DNS.sub("-", text.lower())).strip("-")


def environment_name(repository: str, pull_request: int) -> str:
    """The environment's name: `pr-<number>-<repository>-<6 hex digits>`, a DNS label.

    The digits come from the full repository name, so that two owners' repositories of one name
    never share an environment; the readable part is cut to NAME_LENGTH.
    """
    digest = hashlib.sha256(repository.lower().encode()).hexdigest()[:6]
    head = f"pr-{pull_request}-"
    room = NAME_LENGTH - len(head) - len(digest) - 1
    readable = slug(repository.rsplit("/", 1)[-1])[:room].strip("-") or "repo"
    return f"{head}{readable}-{digest}"


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


def labels(name: str, repository: str, pull_request: int) -> dict[str, str]:
    """The labels that every Kubernetes resource of an environment carries."""
    return {
        LABEL_MANAGED_BY: MANAGED_BY,
        LABEL_ENVIRONMENT: name,
        LABEL_REPOSITORY: label_value(repository),
        LABEL_PULL_REQUEST: str(pull_request),
    }


def owner_annotations(repository: str, driver: str) -> dict[str, str]:
    """What a namespace and a NodePool say of whose they are, exactly, also while no stack does."""
    return {ANNOTATION_REPOSITORY: repository, ANNOTATION_DRIVER: driver}


def tags(name: str, repository: str, pull_request: int, driver: str) -> dict[str, str]:
    """The tags that every AWS resource of an environment carries (where it takes tags)."""
    return {
        TAG_ENVIRONMENT: name,
        TAG_REPOSITORY: repository,
        TAG_PULL_REQUEST: str(pull_request),
        TAG_DRIVER: driver,
    }


def edge_header(name: str) -> str:
    """The request header that leads to an environment through its primary distribution."""
    return f"{EDGE_HEADER_PREFIX}{name}"


def edge_comment(name: str) -> str:
    """The comment of an environment's staging distribution, which people see in the console."""
    return f"Understudy {name}"


def host(name: str, domain: str) -> str:
    """The environment's own host below the preview domain."""
    return f"{name}.{domain}"


def github_environment(pull_request: int) -> str:
    """The name of the GitHub environment that deployments of a pull request go to."""
    return f"pr-{pull_request}"
