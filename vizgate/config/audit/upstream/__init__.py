"""Rules about what stands behind the gateway."""
