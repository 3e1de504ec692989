"""What programs do with commits: deployments."""

from __future__ import annotations

from tests.world.github import objects
from tests.world.github.objects import Deployment, Repository
from tests.world.github.registry import Registry


class Working(Registry):
    """Changes of what programs made, as a part of `state.State`."""

    def add_status(self, repository: Repository, of: Deployment, status: objects.Status) -> None:
        """Give a deployment a state; `success` ends the lasting ones before it, as on GitHub."""
        with self.lock:
            of.statuses.insert(0, status)
            if status.state != "success":
                return
            for other in repository.deployments.values():
                lasting = not other.transient and not other.production
                same = other is not of and other.environment == of.environment
                if same and lasting and other.statuses[:1] and other.statuses[0].state == "success":
                    ended = objects.Status(
                        self.new_id(), status.creator, "inactive", environment=other.environment
                    )
                    other.statuses.insert(0, ended)
