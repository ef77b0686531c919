"""The miniature, served by app.py in a process of its own: what is measured of it is the program's alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.precompiled import PrecompiledMiniature
from tests.serving import free_port
from tests.waiting import wait_for

APP = Path(__file__).parents[1] / "app.py"
START_SECONDS = 600.0  # chosen: the machine may be busy


class Server:
    """app.py with the miniature and more flags, on a port of its own. It can be started again.

    `url` ends with a slash. `environment` is set beside this process's own, without its SANA_ and GRADIO_ variables.
    """

    def __init__(self, *flags: str, environment: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._command = [sys.executable, str(APP), "--port", str(self.port), *flags]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANA_", "GRADIO_"))}
        self._environment = {**kept, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> psutil.Process:
        assert self._process is not None, "it was not started"
        return psutil.Process(self._process.pid)

    def start(self) -> None:
        """Run it, and return when its model is loaded."""
        self._process = subprocess.Popen(self._command, env=self._environment, stdout=subprocess.DEVNULL)
        wait_for(self._is_ready, START_SECONDS)

    def end(self, number: int = signal.SIGTERM) -> list[psutil.Process]:
        """Send it a signal if it runs, and return which of its children are left when it has ended."""
        if self._process is None or self._process.poll() is not None:
            return []
        children = self.process.children(recursive=True)
        self._process.send_signal(number)
        self._process.wait(60)
        return psutil.wait_procs(children, timeout=10)[1]

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "app.py ended before it served"
        try:
            return httpx.get(f"{self.url}readyz").status_code == 200
        except httpx.TransportError:
            return False


def miniature_folder() -> Path:
    """Return the miniature's folder, which is precompiled if it is not there yet."""
    return PrecompiledMiniature(CHECKPOINT).folder(lambda progress: None)


@contextmanager
def serve_miniature(*flags: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run app.py with the miniature and more flags; yield when it is loaded.

    At the end the program is told to end, and waited for.
    """
    server = Server(*flags, environment=environment)
    try:
        server.start()
        yield server
    finally:
        server.end()
