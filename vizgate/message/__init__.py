"""Values that travel through a gateway: header fields, message heads, request targets, forwarding rules."""
