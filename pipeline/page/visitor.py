"""Who asks: a browser's tab or a program, what is its own, and whether it listens to the answer."""

import asyncio
import hashlib
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from ..domain.limits import LISTEN_SECONDS

FOLDER = "sana-pictures"  # of all visitors, inside of the folder that Gradio serves


@dataclass(frozen=True)
class Visitor:
    """`name` tells its requests from those of others, `address` is a public one, or "".

    `session` is Gradio's. A program that sends none gets another one with each request, so its host names it.
    """

    name: str
    address: str = ""
    session: str = ""
    app: gr.Blocks | None = None

    @classmethod
    def of(cls, app: gr.Blocks, request: gr.Request) -> "Visitor":
        """Return who sent a request. The host is that of the connection, or what a trusted proxy reports."""
        host = request.client.host if request.client else ""
        session = request.session_hash or ""
        has_session = session and session not in app._queue.event_ids_to_events
        return cls(session if has_session else host, host if _is_public(host) else "", session, app)

    @asynccontextmanager
    async def listening(self, drop: Callable[[], object]) -> AsyncIterator[None]:
        """Call `drop` if nobody begins to listen within LISTEN_SECONDS of this context.

        Gradio draws for a sender who never opens the stream of answers, too.
        """
        watch = asyncio.create_task(self._drop_unheard(drop))
        try:
            yield
        finally:
            watch.cancel()

    async def _drop_unheard(self, drop: Callable[[], object]) -> None:
        if self.app is None:
            return
        queue = self.app._queue
        messages = queue.pending_messages_per_session.get(self.session)
        if messages is None or messages.empty():  # whoever listens has taken all already
            return
        first = messages._queue[0]  # type: ignore[attr-defined]
        await asyncio.sleep(LISTEN_SECONDS)
        if not messages.empty() and messages._queue[0] is first:  # type: ignore[attr-defined]
            await queue.clean_events(session_hash=self.session)
            queue.pending_messages_per_session.pop(self.session, None)
            drop()


def picture_folder(session: str) -> Path:
    """Return where the pictures of a session lie; nobody else can guess it."""
    name = hashlib.sha256(session.encode(errors="replace")).hexdigest()
    return Path(get_upload_folder()) / FOLDER / name[:32]


def _is_public(host: str) -> bool:
    """Return whether all of one address are neighbours; a private one may be that of a proxy."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return False
