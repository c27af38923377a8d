"""What the YAML may say about methods.

In: ``MethodConfig``. Not in: changing them (``transform.method.middleware``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vizgate.extension.contract import MiddlewareConfig

#: Neither HEAD nor OPTIONS: what a client is told about a method would no longer be what it asked.
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class MethodConfig(MiddlewareConfig):
    """``use: method``: the service is asked with another method than the gateway."""

    to: Method = Field(description="The method that the service sees.")
    only: Annotated[tuple[Method, ...], Field(min_length=1)] = Field(
        default=("GET", "POST", "PUT", "PATCH", "DELETE"), description="Which methods are replaced."
    )
