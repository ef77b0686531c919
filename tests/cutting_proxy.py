"""A proxy that can cut all its connections, as a lost network or a server that is started again does."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.serving import free_port


class CuttingProxy:
    """A TCP proxy on a port of its own; while `is_cut`, connections are closed at once."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()

    def cut(self) -> None:
        """Close all connections and let none through until `join`."""
        self.is_cut = True
        self._loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in self._writers])

    def join(self) -> None:
        self.is_cut = False

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve in a thread; yield the address."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        starting = asyncio.start_server(self._forward, "127.0.0.1", self.port)
        server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(timeout=30)
        yield f"http://127.0.0.1:{self.port}"
        self.cut()
        self._loop.call_soon_threadsafe(server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(timeout=30)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            behind, ahead = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, ahead}
        await asyncio.gather(_pump(reader, ahead), _pump(behind, writer))
        self._writers -= {writer, ahead}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await reader.read(1 << 16):
            writer.write(content)
            await writer.drain()
    writer.close()
