"""The commands as a list for people: `help` answers with it, and docs/commands.md is made of it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.chatops.verb import Verb

_HEAD = """# Commands

<!-- Made from the commands themselves: `python -m bot.chatops > docs/commands.md`. -->

Write them in a comment or a review of the pull request, each on a line of its own; one comment may
hold several. Quotes, code and hidden parts of a comment are not read, and an edited comment is not
read again. The bot answers with 👀 as soon as it has seen a command, and its comment on the pull
request then tells what came of it; only `help`, `status` and `logs` are answered in a comment of
their own.

Who may give a command is asked of GitHub each time: what counts is the permission that the person
has in the repository, not how GitHub calls them beside their comment.

"""
_TAIL = """
`approve` is for pull requests of people without write access: their code runs only as the very
commit that was approved, and `.stage.yaml` is read from the base branch all the same.

The word that commands begin with, `/stage`, can be changed by `UNDERSTUDY_COMMAND`
([settings](settings.md)).
"""


def table(verbs: Iterable[Verb], word: str) -> str:
    """Every command in a row: how it is written, what it does, who may give it."""
    rows = [
        f"| `{word} {verb.usage}` | {verb.meaning} | {verb.who.value} | `{word} {verb.example}` |"
        for verb in verbs
    ]
    head = ["| command | what it does | who may | for example |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def document(verbs: Iterable[Verb], word: str) -> str:
    """docs/commands.md."""
    return f"{_HEAD}{table(verbs, word)}\n{_TAIL}"
