"""The bodies of requests and answers, in JSON."""

import asyncio
import base64
import io
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

from starlette.requests import Request
from starlette.responses import Response

from ..domain.json_text import RepeatedKey, json_object
from ..domain.problems import Problem, shown
from .refused import refused


async def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request, without its nulls: they count as not given. Raise Refused."""
    body = await request.body()
    try:
        fields = await asyncio.to_thread(json_object, body)  # 96 MB take a second
    except RepeatedKey as error:
        raise refused(Problem("given twice", {"noun": shown(error.key)})) from None
    except ValueError:
        raise refused(Problem("no object", {"noun": "The body"})) from None
    return {name: each for name, each in fields.items() if each is not None}


def answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON in ASCII, so that whatever a client has sent may stand in it."""
    return Response(json.dumps(content), status, headers, media_type="application/json")


def picture_file(text: object, noun: str) -> BinaryIO:
    """Return a file sent as base64, with or without `data:`; raise Refused."""
    problem = Problem("no base64", {"noun": noun})
    if not isinstance(text, str):
        raise refused(problem, noun)
    try:
        plain = text.partition(",")[2] if text.startswith("data:") else text
        return io.BytesIO(base64.b64decode("".join(plain.split()), validate=True))
    except ValueError:
        raise refused(problem, noun) from None
