"""The commands as a list for people: `help` answers with it, and docs/commands.md is made of it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.chatops.verb import Verb

_HEAD = """# Commands

<!-- Made from the commands themselves: `python -m bot.chatops > docs/commands.md`. -->

Write them in a comment or a review of the pull request, each on a line of its own; one comment may
hold several. Quotes, code and hidden parts of a comment are not read, and an edited comment is not
read again. The bot answers with 👀 as soon as it has seen a command, and its comment on the pull
request then tells what came of it; only `help`, `status`, `cost` and `logs` are answered in a
comment of their own.

Who may give a command is asked of GitHub each time: what counts is the permission that the person
has in the repository, not how GitHub calls them beside their comment.

"""
_TAIL = """
`approve` is for pull requests of people without write access: their code runs only as the very
commit that was approved, and `.stage.yaml` is read from the base branch all the same.

Where a repository has several environments ([stage file](stage-file.md)), `/stage/admin down` is
for the one called `admin`. Without a name a command reaches those that the pull request has, or
else those that it changes something of.

The same commands can be given past GitHub: on the command line with `understudy env acme/shop#7
extend 8h` (a branch's environment is `acme/shop@main`, one of several `acme/shop#7:admin`), and
over the HTTP API, which is there when `UNDERSTUDY_API_TOKEN` is set, by who sends that token as
`Bearer`:

| request | what comes of it |
|---|---|
| `GET /api/environments` | every environment as it stands |
| `GET /api/environments/acme/shop/7` | one of them, with its timeline |
| `POST …/acme/shop/7/commands` | `{"command": "extend 8h", "as": "ops"}` is kept, with an `id` |
| `GET …/acme/shop/7/commands/ID` | what came of it |

In each, `branches/main` in the place of `7` is a branch's, and `?definition=admin` one of several.

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
