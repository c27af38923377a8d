"""What a request to the admin API says in its body.

In: reading it and holding it against the operation's model. Not in: the models (``gateway.operations``).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from vizgate.errors import BodyTooLarge, ClientGone, ExchangeError
from vizgate.gateway.operations.operation import OperationRefused
from vizgate.pipeline.request import Request
from vizgate.units import KIB
from vizgate.validation.check.json_text import NotJson, read_json

MAX_BODY_BYTES = 16 * KIB


async def read_arguments(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    """What the body of *request* says, in the form of *model*; only what it says, no defaults.

    Raises: OperationRefused: 400 for what is no JSON, 408, 413, 415, 422 with every problem. ClientGone.
    """
    content_type = request.headers.get("Content-Type", "application/json") or ""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise OperationRefused(415, "the body must be JSON. Send Content-Type: application/json")
    try:
        data = await request.body.read(MAX_BODY_BYTES)
    except BodyTooLarge:
        raise OperationRefused(413, f"the body is over {MAX_BODY_BYTES} bytes") from None
    except ClientGone:
        raise
    except ExchangeError as error:
        raise OperationRefused(error.status, error.detail) from None
    return _checked(data, model)


def _checked(data: bytes, model: type[BaseModel]) -> dict[str, Any]:
    try:
        value = read_json(data)
    except NotJson as error:
        raise OperationRefused(400, f"the body {error}") from None
    if not isinstance(value, dict):
        raise OperationRefused(422, "the body must be a JSON object")
    try:
        said = model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, details['loc'])) or 'the body'}: {details['msg'].removeprefix('Value error, ')}"
            for details in error.errors(include_url=False, include_input=False)
        ]
        raise OperationRefused(422, "the body does not say what it must", problems) from None
    return said.model_dump(mode="json", by_alias=True, exclude_unset=True)
