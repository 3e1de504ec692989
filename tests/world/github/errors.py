"""GitHub's refusals, as status and body."""

from __future__ import annotations

from typing import Any

from tests.world.github.objects import Repository


class Refusal(Exception):  # noqa: N818  not a fault of the program: an answer of the server
    """An answer other than success."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        problems: list[Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"message": message}
        if problems is not None:
            self.body["errors"] = problems
        self.body["documentation_url"] = "https://docs.github.com/rest"
        self.body["status"] = str(status)
        if status == 422:
            del self.body["status"]  # GitHub's validation errors come without


class Moved(Refusal):
    """A repository that has another name now: the answer leads there, by its id."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(301, "Moved Permanently")
        self.repository = repository


def not_found() -> Refusal:
    """What is not there, and what may not be seen: GitHub makes no difference."""
    return Refusal(404, "Not Found")


def invalid(resource: str, name: str, message: str) -> Refusal:
    """A request with a field that can't be taken."""
    problem = {"resource": resource, "field": name, "code": "custom", "message": message}
    return Refusal(422, "Validation Failed", problems=[problem])
