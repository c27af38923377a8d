"""Decides about requests by a session cookie: ``python authoriser.py``."""

from __future__ import annotations

import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SESSIONS = {"s-ann": ("ann", "platform"), "s-bob": ("bob", "sales")}
#: Who may not see what begins with this.
CLOSED_TO = {"sales": "/wiki/internal/"}


class Authoriser(BaseHTTPRequestHandler):
    """200 lets in, 401 and 403 do not; the body is thrown away."""

    def do_GET(self) -> None:
        cookie = SimpleCookie(self.headers["Cookie"]).get("session")
        user, team = SESSIONS.get(cookie.value if cookie else "", ("", ""))
        closed = CLOSED_TO.get(team)
        if not user:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Session realm="wiki"')
        elif closed and self.headers["X-Forwarded-Uri"].startswith(closed):
            self.send_response(403)
        else:
            self.send_response(200)
            self.send_header("X-Auth-User", user)
            self.send_header("X-Auth-Team", team)
        self.send_header("Content-Length", "0")
        self.end_headers()


def serve(port: int) -> ThreadingHTTPServer:
    """The server, listening on *port*, 0 for any; ``serve_forever`` runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), Authoriser)


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 9402).serve_forever()
