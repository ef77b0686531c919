"""The miniature, served by app.py in a process of its own: what is measured of it is the program's alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.conftest import free_port, wait_for

APP = Path(__file__).parents[1] / "app.py"
START_SECONDS = 600.0  # chosen: the first start on a machine precompiles the miniature


@dataclass(frozen=True)
class Server:
    """A running app.py and its address, which ends with a slash."""

    url: str
    process: psutil.Process


@contextmanager
def serve_miniature(*flags: str) -> Iterator[Server]:
    """Run app.py with the miniature and more flags; yield when it is loaded.

    At the end the program is told to end, and waited for.
    """
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANA_", "GRADIO_"))}
    command = [sys.executable, str(APP), "--port", str(port), *flags]
    url = f"http://127.0.0.1:{port}/"
    with subprocess.Popen(command, env=kept, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _is_ready(url, process), START_SECONDS)
            yield Server(url, psutil.Process(process.pid))
        finally:
            process.terminate()


def _is_ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "app.py ended before it served"
    try:
        return httpx.get(f"{url}readyz").status_code == 200
    except httpx.TransportError:
        return False
