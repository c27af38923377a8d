"""Targets out of the EndpointSlices of a Kubernetes service."""
