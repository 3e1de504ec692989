"""Receives OTLP over HTTP from the world's pods, and remembers the newest spans.

`python -m tests.world.otlp --host H --port N`; `GET /spans` tells what came, as JSON.
"""
