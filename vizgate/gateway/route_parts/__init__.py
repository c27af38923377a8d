"""Where the parts of a route's configuration become what its requests pass on their way to a service."""
