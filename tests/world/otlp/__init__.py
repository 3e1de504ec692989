"""Receives OTLP over HTTP from the world's pods, counts it, and remembers the newest spans.

`python -m tests.world.otlp --host H --port N`. Exporters send to `/v1/traces`, `/v1/metrics` and
`/v1/logs`; `GET /spans?environment=NAME` and `GET /counts` tell what came, as JSON.
"""
