"""How far a download is, in lines; the client's bars would need a terminal."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

INTERVAL = 5.0  # seconds between two lines


class NoBar(tqdm):
    """Stands for the client's own progress bars."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "disable": True})


@contextmanager
def watched(folder: Path, total: int, tell: Callable[[str], object]) -> Iterator[None]:
    """Tells now and then how many of `total` bytes have arrived in `folder`, how fast, and how long it may take."""
    begun, before, done = time.monotonic(), _size(folder), threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            arrived = max(0, _size(folder) - before)
            speed = arrived / (time.monotonic() - begun)
            left = f", about {(total - arrived) / speed:,.0f} s left" if 0 < arrived < total else ""
            tell(f"{megabytes(arrived)} of {megabytes(total)} fetched, {speed / 1e6:.1f} MB/s{left}")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def megabytes(count: float) -> str:
    return f"{count / 1e6:,.1f} MB" if count < 1e8 else f"{count / 1e6:,.0f} MB"


def _size(folder: Path) -> int:
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # renamed a moment ago
            continue
    return total
