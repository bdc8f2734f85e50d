"""Events of a bulk collection, and their observers: logging and OpenTelemetry."""
