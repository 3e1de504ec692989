"""What people and programs write about pull requests: comments, reactions, reviews."""

from __future__ import annotations

from typing import Any

from tests.world.github import errors, objects
from tests.world.github.objects import Account, PullRequest, Repository
from tests.world.github.registry import Registry

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
REVIEWS = ("COMMENTED", "APPROVED", "CHANGES_REQUESTED")


class Writing(Registry):
    """Changes of what is written, as a part of `state.State`."""

    def comment(
        self,
        full_name: str,
        number: int,
        author: Account,
        body: str,
        app: objects.App | None = None,
    ) -> objects.Comment:
        """Comment on a pull request."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            made = objects.Comment(self.new_id(), number, author, _comment_body(body), app)
            made.updated_at = made.created_at  # to the microsecond: it was not edited
            repository.comments[made.id] = made
            self._comment_event(repository, pull, "created", made)
            return made

    def edit_comment(self, full_name: str, comment_id: int, body: str) -> objects.Comment:
        """Change a comment's text. Raises Refusal (404)."""
        with self.lock:
            repository = self.repository(full_name)
            comment = repository.comments.get(comment_id)
            if comment is None:
                raise errors.not_found()
            before, comment.body = comment.body, _comment_body(body)
            comment.updated_at = objects.now()
            pull = repository.pulls[comment.number]
            self._comment_event(repository, pull, "edited", comment, before=before)
            return comment

    def delete_comment(self, full_name: str, comment_id: int) -> None:
        """Delete a comment. Raises Refusal (404)."""
        with self.lock:
            repository = self.repository(full_name)
            comment = repository.comments.pop(comment_id, None)
            if comment is None:
                raise errors.not_found()
            pull = repository.pulls[comment.number]
            self._comment_event(repository, pull, "deleted", comment)

    def react(
        self, full_name: str, comment_id: int, author: Account, content: Any
    ) -> tuple[objects.Reaction, bool]:
        """React to a comment; the reaction, and whether it is new. Raises Refusal (404, 422)."""
        with self.lock:
            comment = self.repository(full_name).comments.get(comment_id)
            if comment is None:
                raise errors.not_found()
            if content not in REACTIONS:
                words = f"content is none of {', '.join(REACTIONS)}"
                raise errors.invalid("Reaction", "content", words)
            for found in comment.reactions:
                if (found.author, found.content) == (author, content):
                    return found, False
            made = objects.Reaction(self.new_id(), author, content)
            comment.reactions.append(made)
            return made, True

    def review(
        self, full_name: str, number: int, author: Account, body: str, review_state: str
    ) -> objects.Review:
        """Review a pull request. Raises Refusal (404, 422)."""
        with self.lock:
            repository, pull = self.pull(full_name, number)
            if review_state not in REVIEWS:
                words = f"state is none of {', '.join(REVIEWS)}"
                raise errors.invalid("PullRequestReview", "state", words)
            if not body and review_state != "APPROVED":
                raise errors.invalid("PullRequestReview", "body", "body cannot be blank")
            made = objects.Review(self.new_id(), number, author, body, review_state, pull.head_sha)
            repository.reviews[made.id] = made
            self._touch(pull)
            facts = {"pull": pull, "review": made}
            self._send(repository, "pull_request_review", "submitted", facts)
            return made

    def _comment_event(
        self,
        repository: Repository,
        pull: PullRequest,
        action: str,
        comment: objects.Comment,
        **more: Any,
    ) -> None:
        self._send(repository, "issue_comment", action, {"pull": pull, "comment": comment, **more})


def _comment_body(body: Any) -> str:
    if not isinstance(body, str) or not body.strip():
        raise errors.invalid("IssueComment", "body", "body cannot be blank")
    if len(body) > 65_536:
        raise errors.invalid(
            "IssueComment", "body", "body is too long (maximum is 65536 characters)"
        )
    return body
