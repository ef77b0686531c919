"""What goes wrong around the server while people ask, one trouble after the other."""

import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import httpx

from tests.cutting_proxy import CuttingProxy
from tests.served import Server

from .ways import connect

SECONDS = 3.0  # that a connection is cut, and a disk is full; chosen: some requests come meanwhile
DISK, DISK_A_MINUTE = 64 << 20, 32 << 20  # bytes; chosen: far more than the server keeps there
BLOCK = 1 << 20  # bytes in which the disk is filled; chosen
CLEAR = 10.0  # seconds after a trouble in which what it touched may still fail; chosen: a client's timeouts


class Troubles:
    """The times of troubles: whoever was interrupted by one has no complaint."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.is_open = False
        self._last = float("-inf")

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Be in a trouble in this context."""
        self.count[name] += 1
        self.is_open = True
        try:
            yield
        finally:
            self._last = time.monotonic()
            self.is_open = False

    def touched(self, since: float) -> bool:
        """Return True if there was a trouble at any time since `since`, which is of `time.monotonic`."""
        return self.is_open or self._last + CLEAR > since


class Troublemaker:
    """It makes each kind of trouble in turn, and notes in `findings` what should not have happened."""

    def __init__(self, server: Server, proxy: CuttingProxy, other_model: Path, disk: Path | None) -> None:
        """Take a server whose menu has the model of a folder, and whose temporary files are on a small disk, if any."""
        self.troubles = Troubles()
        self.findings: list[str] = []
        self._server, self._proxy = server, proxy
        self._folder, self._disk = other_model, disk
        self._http = connect(server.url)
        self._name = self._http.get("v1/models").json()["data"][1]["id"]

    def run(self, is_over: Event, pause: float) -> None:
        """Make troubles until it is over, with a pause in seconds before each."""
        kinds: list[Callable[[], None]] = [self.cut, self.switch, self.lose_folder, self.restart, self.kill]
        if self._disk:
            kinds.append(self.fill_disk)
        while True:
            for make in kinds:
                if is_over.wait(pause):
                    return
                try:
                    make()
                except Exception as error:  # noqa: BLE001 - it is told at the end, and the next trouble comes
                    self.findings.append(f"{make.__name__}: {type(error).__name__}: {error}")

    def cut(self) -> None:
        """Cut all connections."""
        with self.troubles.of("connections cut"):
            self._proxy.cut()
            time.sleep(SECONDS)
            self._proxy.join()

    def switch(self) -> None:
        """Draw with the other model of the menu, between the pictures of the first."""
        self.troubles.count["models switched"] += 1
        answer = self._draw()
        if answer.status_code != 200:
            self.findings.append(f"the other model: {answer.status_code} {answer.text}")

    def lose_folder(self) -> None:
        """Move the other model's folder away, and back: it is refused in a sentence, unless it is still in memory."""
        self.troubles.count["model folders gone"] += 1
        away = self._folder.with_name("away")
        self._folder.rename(away)
        try:
            self._draw()
        finally:
            away.rename(self._folder)
        self.switch()

    def restart(self) -> None:
        """End the server as a system does, and start it again."""
        with self.troubles.of("SIGTERM and started again"):
            if left := self._server.end(signal.SIGTERM):
                self.findings.append(f"SIGTERM left {left}")
            self._server.start()

    def kill(self) -> None:
        with self.troubles.of("SIGKILL and started again"):
            self._server.end(signal.SIGKILL)
            self._server.start()

    def fill_disk(self) -> None:
        """Fill the disk of the server's temporary files and saved pictures."""
        assert self._disk is not None
        with self.troubles.of("disk full"):
            rest = self._disk / "rest"
            try:
                with rest.open("wb", buffering=0) as file, suppress(OSError):  # it ends when the disk is full
                    while True:
                        file.write(bytes(BLOCK))
                time.sleep(SECONDS)
            finally:
                rest.unlink(missing_ok=True)

    def _draw(self) -> httpx.Response:
        body = {"prompt": "a house", "model": self._name, "num_inference_steps": 1}
        return self._http.post("v1/images/generations", json=body)


@contextmanager
def small_disk(at: Path, minutes: float) -> Iterator[Path | None]:
    """Mount a disk in memory at a new folder, with room for some minutes, and yield it; None if this is not allowed."""
    at.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK + int(minutes * DISK_A_MINUTE)}", "tmpfs", str(at)]
    if not shutil.which("mount") or subprocess.run(["mount", *options], stderr=subprocess.DEVNULL).returncode:
        yield None
        return
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)
