"""Measures what is promised: `python -m tests.bench NAME`.

Each benchmark prints what it measured, beside what it is compared with, and last one JSON object:
its figures, the limits that they are held to, and whether they hold.
"""
