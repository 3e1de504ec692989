"""Lists what may want an environment in a repository: pull requests, branches, definitions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from bot import errors, intent, model, ports
from bot.reconcile.differences import PolicyKey, folded

Ask = Callable[..., intent.Policy | None]
"""Asks a question of GitHub; None where it has no answer, which is then counted and logged."""


class Wanting:
    """Reads one repository after another; keeps the policies that it came by in `policies`."""

    def __init__(
        self, pull_requests: ports.PullRequests, policies: ports.Policies, ask: Ask
    ) -> None:
        self.policies: dict[PolicyKey, intent.Policy] = {}
        """One that could not be read is missing."""
        self._hub = pull_requests
        self._policies = policies
        self._ask = ask
        self._unread: set[PolicyKey] = set()

    def of(
        self, repository: str, known: Collection[model.EnvironmentKey]
    ) -> Sequence[model.PullRequest]:
        """Each open pull request once for every definition, and the branches with an environment.

        `known` are the repository's environments that exist. Where a policy can't be read, what it
        may say of them is not known, so they are listed as well, without a policy. Raises
        UnreachableError, and lists nothing then.
        """
        found: list[model.PullRequest] = []
        for pull in self._hub.open_pull_requests(repository):
            found.append(pull)
            policy = self._policy(pull)
            for name in policy.definitions if policy else _definitions(pull.key, known):
                found.append(pull.of(name))
                self._policy(found[-1])
        for key in sorted({*self._bases(repository, known)}):
            try:
                found.append(self._hub.pull_request(key))
            except errors.NotFoundError:
                continue  # there is no such branch (any more)
        return found

    def _bases(
        self, repository: str, known: Collection[model.EnvironmentKey]
    ) -> Iterator[model.EnvironmentKey]:
        default = self._hub.default_branch(repository)
        whole = self._read(repository, default, "")
        unread = whole is None
        for name in ("", *(whole.definitions if whole else ())):
            policy = self._read(repository, default, name)
            unread = unread or policy is None
            for branch in policy.bases if policy and policy.never is None else ():
                yield model.EnvironmentKey(repository, branch=branch, definition=name)
        if unread:
            yield from {key for key in known if key.is_base}

    def _policy(self, pull: model.PullRequest) -> intent.Policy | None:
        return self._read(pull.key.repository, pull.base_ref, pull.key.definition)

    def _read(self, repository: str, branch: str, definition: str) -> intent.Policy | None:
        key = folded(repository), branch, definition
        if key not in self.policies and key not in self._unread:
            policy = self._ask(self._policies.policy, repository, branch, definition)
            if policy is None:
                self._unread.add(key)
            else:
                self.policies[key] = policy
        return self.policies.get(key)


def _definitions(
    key: model.EnvironmentKey, known: Collection[model.EnvironmentKey]
) -> Sequence[str]:
    """Those of a pull request that exist."""
    same = (one for one in known if one.whole.identity == key.identity)
    return sorted(one.definition for one in same if one.definition)
