"""What the gateways of one store agree about."""
