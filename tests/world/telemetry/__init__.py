"""The real OpenTelemetry Operator, and a receiver that remembers what instrumented pods send."""
