"""A registry that lists targets: ``python registry.py 9403 http://127.0.0.1:3001 http://127.0.0.1:3002``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "registry-token"


class Registry(BaseHTTPRequestHandler):
    """``GET /targets`` gives the list; who has it already is told that it is the same."""

    targets: Sequence[str] = ()

    def do_GET(self) -> None:
        body = json.dumps({"instances": list(self.targets)}).encode()
        tag = f'"{sha256(body).hexdigest()[:16]}"'
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, b"")
        elif self.headers["If-None-Match"] == tag:
            self._answer(304, b"", tag)
        else:
            self._answer(200, body, tag)

    def _answer(self, status: int, body: bytes, tag: str = "") -> None:
        self.send_response(status)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int) -> ThreadingHTTPServer:
    """The server, listening on *port*, 0 for any; ``serve_forever`` runs it."""
    return ThreadingHTTPServer(("127.0.0.1", port), Registry)


if __name__ == "__main__":
    Registry.targets = sys.argv[2:]
    serve(int(sys.argv[1])).serve_forever()
