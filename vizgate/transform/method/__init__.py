"""Another method for the service."""
