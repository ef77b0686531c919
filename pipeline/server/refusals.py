"""How the server refuses a request: one sentence, in the form in which the sender reads errors."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from ..interfaces.envelopes import envelope


def refusal(scope: Scope, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that is refused: as its interface does; else JSON to who sent JSON, else text."""
    sent = Headers(scope=scope)
    closing = {"Connection": "close", **(headers or {})}  # what was sent of the body is not read
    if (content := envelope(scope["path"], status, sentence)) is not None:
        return JSONResponse(content, status, closing)
    if "json" in sent.get("content-type", "") or "json" in sent.get("accept", ""):
        return JSONResponse({"detail": sentence}, status, closing)
    return PlainTextResponse(sentence, status, closing)
