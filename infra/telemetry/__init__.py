"""Instrumentation that needs no change of the application."""
