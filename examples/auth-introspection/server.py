"""An authorization server with two tokens, just enough of RFC 7662 for the example: ``python server.py``."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

TOKENS = {
    "reader": {"active": True, "sub": "acme", "scope": "reports:read"},
    "visitor": {"active": True, "sub": "guest", "scope": ""},
}
GATEWAY = "Basic " + b64encode(b"vizgate:only-for-this-example").decode()


class Introspection(BaseHTTPRequestHandler):
    """Tells the gateway, and nobody else, about a token."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.headers["Authorization"] == GATEWAY:
            self._answer(200, TOKENS.get(form["token"][0], {"active": False}))
        else:
            self._answer(401, {"error": "invalid_client"})

    def _answer(self, status: int, members: dict[str, object]) -> None:
        body = json.dumps(members).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int) -> ThreadingHTTPServer:
    """The server, listening on *port*, 0 for any; ``serve_forever`` runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), Introspection)


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 9401).serve_forever()
