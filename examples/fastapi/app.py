"""A FastAPI application that answers some paths itself and lets vizgate forward the others.

uvicorn --app-dir examples/fastapi app:app
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from vizgate import Gateway

gateway = Gateway.from_yaml(Path(__file__).parent / "vizgate.yaml")
app = FastAPI(lifespan=gateway.asgi.lifespan)


@app.get("/hello")
async def hello() -> dict[str, str]:
    """Answered here."""
    return {"hello": "from FastAPI"}


app.mount("/api", gateway.asgi)
