"""The server's refusals: one sentence, as JSON or text."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from ..interfaces.envelopes import envelope


def refusal(scope: Scope, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a refused request: as its interface has it, or JSON if the sender speaks it, or text."""
    sent = Headers(scope=scope)
    closing = {"Connection": "close", **(headers or {})}  # the unread body makes the connection unusable
    if (content := envelope(scope["path"], status, sentence)) is not None:
        return JSONResponse(content, status, closing)
    if "json" in sent.get("content-type", "") or "json" in sent.get("accept", ""):
        return JSONResponse({"detail": sentence}, status, closing)
    return PlainTextResponse(sentence, status, closing)
