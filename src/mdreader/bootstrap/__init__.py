"""Settings to runtime: the one place that names adapters."""
