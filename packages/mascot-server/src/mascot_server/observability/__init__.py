"""Metrics, Prometheus format, logs, redaction of secrets, traces."""
