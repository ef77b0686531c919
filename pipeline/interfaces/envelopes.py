"""The forms in which the interfaces tell errors."""

from typing import Any

OPENAI_ROUTES = "/v1/"
AUTOMATIC1111_ROUTES = "/sdapi/"
# OpenAI's codes of errors that are not about one parameter.
_CODES = {401: "invalid_api_key", 404: "unknown_url", 405: "method_not_allowed", 429: "rate_limit_exceeded"}


def envelope(path: str, status: int, sentence: str) -> dict[str, Any] | None:
    """Return an error as the interface of a path tells it; None for all other paths."""
    if path.startswith(OPENAI_ROUTES):
        return openai_error(status, sentence)
    if path.startswith(AUTOMATIC1111_ROUTES):
        return automatic1111_error(sentence)
    return None


def openai_error(status: int, sentence: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Return OpenAI's form of an error."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": sentence, "type": kind, "param": param, "code": code or _CODES.get(status)}}


def automatic1111_error(sentence: str) -> dict[str, Any]:
    """Return AUTOMATIC1111's form of an error: its clients show "detail" or "error"."""
    return {"error": sentence, "detail": sentence, "body": "", "errors": ""}
