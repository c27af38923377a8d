"""The policies of routes, compiled: what a request passes between the router and its service."""
