"""The sender of a request, a browser's tab or a program: its name, its pictures, its presence."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from ..domain.limits import LISTEN_SECONDS
from ..jobs.parties import public_address

FOLDER = "sana-pictures"  # holds all visitors' folders, in the folder that Gradio serves


@dataclass(frozen=True)
class Visitor:
    """The sender of a request.

    `name` identifies the sender, `address` is a public IP address or "". `session` is Gradio's. Gradio makes up a new
    session for each request of a program that sends none; the host then serves as the name.
    """

    name: str
    address: str = ""
    session: str = ""
    app: gr.Blocks | None = None

    @classmethod
    def of(cls, app: gr.Blocks, request: gr.Request) -> "Visitor":
        """Return the sender of a request. The host is that of the connection, or of a trusted proxy's report."""
        host = request.client.host if request.client else ""
        session = request.session_hash or ""
        has_session = session and session not in app._queue.event_ids_to_events
        return cls(session if has_session else host, public_address(host), session, app)

    @asynccontextmanager
    async def listening(self, drop: Callable[[], object]) -> AsyncIterator[None]:
        """Call `drop` if nobody opens the stream of answers within LISTEN_SECONDS.

        Gradio itself runs an event to its end, even if nobody listens.
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
        if messages is None or messages.empty():  # a listener has taken all messages
            return
        first = messages._queue[0]
        await asyncio.sleep(LISTEN_SECONDS)
        if not messages.empty() and messages._queue[0] is first:
            await queue.clean_events(session_hash=self.session)
            queue.pending_messages_per_session.pop(self.session, None)
            drop()


def picture_folder(session: str) -> Path:
    """Return the folder of a session's pictures, at a path that nobody else can guess."""
    name = hashlib.sha256(session.encode(errors="replace")).hexdigest()
    return Path(get_upload_folder()) / FOLDER / name[:32]
