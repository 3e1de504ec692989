"""The webhook: whether GitHub tells of what is needed, and whether its deliveries are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot import errors, github_hooks, needs
from bot.doctor import github
from bot.doctor.findings import Finding, ok, warning, wrong
from bot.github_hooks import Hub

WEBHOOK = "webhook"
_SECRET = "UNDERSTUDY_WEBHOOK_SECRET"  # noqa: S105  # its name


def webhooks(hub: Hub) -> Iterator[Finding]:
    """Each hook that leads to the bot: its events, and its newest delivery."""
    yield from _of_app(hub) if hub.as_app else _of_repositories(hub)


def _of_app(hub: Hub) -> Iterator[Finding]:
    app = github.told(hub, "the App", "/app")
    settings = github.app_settings(app)
    yield _events(WEBHOOK, app.get("events") or (), f"{settings}/permissions")
    try:
        config = github.told(hub, "the App's webhook", f"{github_hooks.APP_HOOK}/config")
        yield from _config(WEBHOOK, config, settings)
        yield from _newest(hub, WEBHOOK, github_hooks.APP_HOOK, settings)
    except errors.NotFoundError:
        mend = f"switch it on at {settings}, with the bot's address and the path /webhook"
        yield wrong(WEBHOOK, "the App has none", mend)


def _of_repositories(hub: Hub) -> Iterator[Finding]:
    names = hub.repositories()
    if not names:
        yield warning(WEBHOOK, "not checked, as UNDERSTUDY_REPOSITORIES names no repository")
    for name in names:
        yield from _of_repository(hub, name)


def _of_repository(hub: Hub, name: str) -> Iterator[Finding]:
    what = f"{WEBHOOK} of {name}"
    page = f"the settings of {name} under Webhooks"
    try:
        hooks = github_hooks.mine(hub, name)
    except (errors.ForbiddenError, errors.NotFoundError):
        mend = f"look at {page}, or give the token read access to webhooks"
        yield warning(what, "the token may not see it", mend)
        return
    if not hooks:
        mend = f"add one in {page}, unless one of the organisation leads to the bot"
        yield warning(what, "none leads to an address that ends in /webhook", mend)
    for hook in hooks:
        url = str((hook.get("config") or {}).get("url"))
        if not hook.get("active", True):
            yield wrong(what, f"{url} is switched off", f"switch it on in {page}")
            continue
        yield from _config(what, hook.get("config") or {}, page)
        yield _events(what, hook.get("events") or (), page)
        yield from _newest(hub, what, f"/repos/{name}/hooks/{hook['id']}", page)


def _config(what: str, config: Mapping[str, Any], where: str) -> Iterator[Finding]:
    url = str(config.get("url"))
    if not github_hooks.leads_to_a_bot(url):
        mend = f"write the bot's address with the path {github_hooks.PATH} at {where}"
        yield wrong(what, f"{url} is no address of a bot", mend)
    if config.get("content_type") != "json":
        mend = f"choose the content type application/json at {where}"
        yield wrong(what, f"{url} gets forms, not JSON", mend)


def _events(what: str, given: Iterable[str], where: str) -> Finding:
    subscribed = set(given)
    missing = [] if "*" in subscribed else [one for one in needs.EVENTS if one not in subscribed]
    if missing:
        return wrong(what, f"is not told of {', '.join(missing)}", f"subscribe to it at {where}")
    return ok(what, "is told of every event that is needed")


def _newest(hub: Hub, what: str, hook: str, where: str) -> Iterator[Finding]:
    reply = hub.ask("the newest delivery", f"{hook}/deliveries", {"per_page": "1"})
    if not isinstance(reply.content, list):
        raise errors.UnreachableError(
            f"what answered for the deliveries of {hook} does not speak GitHub's API"
        )
    if not reply.content:
        yield warning(what, "nothing was delivered in the last three days")
        return
    delivery: Mapping[str, Any] = reply.content[0]
    status = int(delivery.get("status_code") or 0)
    event = f"the newest delivery, {delivery.get('event')} at {delivery.get('delivered_at')},"
    if 200 <= status < 300:
        yield ok(what, f"{event} was answered {status}")
    else:
        words = f"{event} failed with {status} ({delivery.get('status')})"
        yield wrong(what, words, _mend(status, where))


def _mend(status: int, where: str) -> str:
    match status:
        case 401:
            return f"set {_SECRET} to the webhook's secret, or set the secret anew at {where}"
        case 404 | 405 | 301 | 302 | 307 | 308:
            return f"see that the address at {where} is the bot's own and ends in /webhook"
        case 400 | 413 | 415:
            return f"choose the content type application/json at {where}"
        case 500 | 503:
            return "read the bot's log, which says why, and redeliver it"
        case _:
            return (
                f"see that the address at {where} leads to the bot from the internet, with a valid "
                "certificate, and that `understudy serve` runs"
            )
