"""The limits of a request's body in bytes, depth and time, enforced before the page sees it."""

import asyncio
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pydantic_core
from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..domain import limits
from ..interfaces.all_routes import FILE_ROUTES, LARGE_ROUTES
from .refusals import refusal
from .upload_quota import Refused, UploadQuota

UPLOAD_ROUTES = ("/gradio_api/upload", *FILE_ROUTES)
"""The routes that take files. LARGE_ROUTES take pictures within JSON."""
_FRAMING = 1 << 20  # bytes of an upload around its file; chosen: Gradio, which cleans up, meets the file's limit first
DISCARD_SECONDS = 3.0  # to read the rest of a refused body; chosen: time enough to deliver the answer


class BodyLimits:
    """A layer that passes on a body only within its limits. It streams uploads and reads other bodies whole first."""

    def __init__(self, app: ASGIApp, max_upload: int) -> None:
        """Wrap an app; `max_upload` is in MB (2**20 bytes)."""
        self._app = app
        self._max_upload = max_upload << 20
        self._uploads = UploadQuota(self._max_upload, Path(get_upload_folder()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            path = scope["path"].rstrip("/")
            if path in UPLOAD_ROUTES:
                await self._upload(scope, receive, send)
                return
            if path in LARGE_ROUTES:
                body = await self._read_large(scope, receive)
            else:
                body = await _read(_limited(scope, receive, limits.MAX_JSON, limits.JSON_SECONDS))
            if body is None:
                return
            _check_depth(body)
            await self._app(scope, _replayed(body, receive), send)
        except Refused as error:
            status, sentence = error.args
            await _refuse(scope, receive, send, status, sentence)

    async def _read_large(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return a body that may be as large as an upload, and counts as one while it arrives."""
        limited = _limited(scope, receive, self._max_upload, limits.UPLOAD_SECONDS)

        async def counted() -> Message:
            message = await limited()
            self._uploads.count(len(message.get("body", b"")))
            return message

        with self._uploads:
            return await _read(counted)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem: Refused | None = None
        is_answered = False

        async def checked() -> Message:
            nonlocal problem
            try:
                message = await limited()
                self._uploads.count(len(message.get("body", b"")))
            except Refused as error:
                problem = error
                raise
            if not message.get("more_body", False):  # what is made of it may take longer, and wait for others
                place.close()
            return message

        async def answer(message: Message) -> None:
            nonlocal is_answered
            if not problem:  # else the app would answer the error that `checked` raised into it
                is_answered = True
                await send(message)

        limited = _limited(scope, receive, self._max_upload + _FRAMING, limits.UPLOAD_SECONDS)
        with ExitStack() as place:
            place.enter_context(self._uploads)
            try:
                await self._app(scope, checked, answer)
            except ClientDisconnect:
                return
            except Exception:
                if not problem:
                    raise
        if problem and not is_answered:
            raise problem


def _limited(scope: Scope, receive: Receive, most: int, seconds: float) -> Receive:
    """Return a `receive` that raises Refused for a body of more than `most` bytes, or slower than `seconds`."""
    too_large = Refused(413, f"The request is larger than {_size(most)}.")
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large
    read, is_complete, end = 0, False, time.monotonic() + seconds

    async def limited() -> Message:
        nonlocal read, is_complete
        if is_complete:  # a further call waits for the sender to disconnect
            return await receive()
        try:
            # Wait at least 0.1 s, so that data that has arrived already counts.
            message = await asyncio.wait_for(receive(), max(0.1, end - time.monotonic()))
        except TimeoutError:
            raise Refused(408, f"The request did not arrive within {seconds:.0f} seconds.") from None
        read += len(message.get("body", b""))
        if read > most:
            raise too_large
        is_complete = not message.get("more_body", False)
        return message

    return limited


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, or None if its sender disconnects."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _check_depth(body: bytes) -> None:
    """Raise Refused for JSON nested deeper than MAX_JSON_DEPTH, since handlers recurse into it."""
    if body.count(b"[") + body.count(b"{") <= limits.MAX_JSON_DEPTH:
        return
    too_deep = Refused(400, f"The request is nested deeper than {limits.MAX_JSON_DEPTH} levels.")
    try:
        level = [pydantic_core.from_json(body)]
    except ValueError as error:  # either too deep, or not JSON, which the handler reports
        if "recursion" in str(error):
            raise too_deep from None
        return
    for _ in range(limits.MAX_JSON_DEPTH + 1):
        members = (each.values() if isinstance(each, dict) else each for each in level)
        level = [value for each in members for value in each if isinstance(value, (dict, list))]
    if level:
        raise too_deep


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that begins with a body already read."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer, read on for a while, then close: a sender that is cut off in its body may never read the answer."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.body":
            await send({**message, "more_body": True})
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_discard(receive), DISCARD_SECONDS)
            message = {"type": "http.response.body"}
        await send(message)

    await refusal(scope, status, sentence)(scope, receive, answer)


async def _discard(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _size(size: int) -> str:
    return f"{size >> 20} MB" if size >> 20 else f"{size >> 10} kB"
