"""The life cycle of API versions."""
