"""Plugins that run beside the requests: sinks and background services."""
