"""Reports, as a pass would make them."""

from __future__ import annotations

import datetime
from typing import Any

from bot import model

KEY = model.EnvironmentKey("acme/shop", 7)
A, B = "a" * 40, "b" * 40
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
ROUTES = model.Routes(
    "https://pr-7-shop.preview.test/",
    model.EdgeRoute("shop.test", "aws-cf-cd-pr-7-shop", "5ecre7", deployed=False),
)


def pod(service: str, trouble: model.PodTrouble | None = None, detail: str = "") -> model.Progress:
    one = model.PodProgress(service, f"{service}-1", trouble is None, "Running", trouble, detail)
    return model.Progress((model.ServiceProgress(service, 1, int(trouble is None), (one,)),))


def report(phase: model.Phase = model.Phase.READY, **changes: Any) -> model.Report:
    given: dict[str, Any] = {"commit": A, **changes}
    return model.Report(KEY, "pr-7-shop-d21b2c", phase, **given)
