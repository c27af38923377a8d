"""The gateway as an ASGI 3 application, under a server of somebody else's."""
