"""The progress of a download as records, in place of huggingface_hub's bars, which need a terminal."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub.utils import tqdm

from ..domain.progress import OnProgress, Progress

INTERVAL = 5.0  # seconds between two records; chosen: seldom enough for a log


class NoBar(tqdm):
    """An invisible bar in place of huggingface_hub's own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]  # in huggingface_hub


@contextmanager
def watched(folder: Path, total: int, on_progress: OnProgress) -> Iterator[None]:
    """Report every INTERVAL seconds how many of `total` bytes have arrived in `folder`, the speed and the time left.

    Unlike a bar's count, the folder's size means the same for HTTP, Xet and a resumed download.
    """
    begun, before, done = time.monotonic(), _size(folder), threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            arrived = max(0, _size(folder) - before)
            speed = arrived / (time.monotonic() - begun)
            left = f", about {(total - arrived) / speed:,.0f} s left" if 0 < arrived < total else ""
            text = f"{megabytes(arrived)} of {megabytes(total)} fetched, {speed / 1e6:.1f} MB/s{left}"
            on_progress(Progress("fetch", text, arrived, total))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def megabytes(count: float) -> str:
    """Return a number of bytes as text: "1.2 MB"."""
    return f"{count / 1e6:,.1f} MB" if count < 1e8 else f"{count / 1e6:,.0f} MB"


def _size(folder: Path) -> int:
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # renamed since the listing
            continue
    return total
