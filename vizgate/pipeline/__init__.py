"""From a request to a response: handlers, middleware, the forwarder. No sockets here, only ports."""
