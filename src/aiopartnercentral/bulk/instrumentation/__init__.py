"""Events of a bulk collection, and what observes them: logging and OpenTelemetry."""
