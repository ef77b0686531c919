"""uvicorn in its own thread, on sockets that listen already."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn

from .addresses import BACKLOG
from .connections import LimitedProtocol, OnceAMinute, raise_descriptor_limit

GRACE_SECONDS = 1  # for unfinished answers when the server stops; chosen: streams would never end by themselves
STOP_SECONDS = 4.0  # for the server to stop; chosen: below the 10 s that Docker waits after SIGTERM
LOGGERS = ("uvicorn.error", "asyncio")


class HttpServer:
    """A context in which an app is served. The server answers as soon as the context is entered."""

    def __init__(
        self,
        app: Any,
        sockets: Sequence[socket.socket],
        trusted_proxies: str | None = None,
        certificate: tuple[str, str | None] | None = None,
        on_stop: Callable[[], object] = lambda: None,
    ) -> None:
        """Prepare a server.

        `trusted_proxies` lists addresses and networks, with commas, whose X-Forwarded-For and -Proto are believed.
        `certificate` names the files of the certificate and its key. `on_stop` is called in the server's loop before
        it closes.
        """
        LimitedProtocol.max_connections = raise_descriptor_limit()
        certificate_file, key_file = certificate or (None, None)
        config = uvicorn.Config(
            app,
            http=LimitedProtocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=trusted_proxies is not None,
            forwarded_allow_ips=trusted_proxies,
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=certificate_file,
            ssl_keyfile=key_file,
        )
        self._sockets = list(sockets)
        self._server = _Server(config, on_stop)
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,), daemon=True, name="http")
        self._filter = OnceAMinute()

    def __enter__(self) -> "HttpServer":
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self._filter)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the server did not start")  # the log has the reason
            time.sleep(0.01)
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self._filter)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # else uvicorn logs an error for each open stream
        self._on_stop()
        await super().shutdown(sockets)
