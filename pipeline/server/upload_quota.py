"""How many files all visitors together may upload: at once, within an hour, and while the disk has room."""

import shutil
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from ..domain import limits


class Refused(Exception):
    """What is being read is refused, with an HTTP status and a sentence."""


class UploadQuota:
    """A context for each upload, of which some may run at once, and a count of the last hour's bytes."""

    def __init__(self, max_upload: int, folder: Path) -> None:
        """`max_upload` is in bytes, `folder` where Gradio writes files."""
        self._folder = folder
        self._running = 0
        self._most = limits.UPLOADED_PER_HOUR * max_upload
        self._counted: deque[tuple[float, int]] = deque()
        self._total = 0

    def __enter__(self) -> None:
        if self._running >= limits.UPLOADS_AT_ONCE:
            raise Refused(503, "Too many files are being uploaded: try again in a moment.")
        self._remove_unfinished()
        with suppress(OSError):  # no folder yet
            if shutil.disk_usage(self._folder).free < limits.FREE_DISK:
                raise Refused(507, "There is no room for uploads on the disk: try again later.")
        self._running += 1

    def __exit__(self, *error: object) -> None:
        self._running -= 1

    def count(self, size: int) -> None:
        """Count bytes that have come; raise Refused if they are too many."""
        now = time.monotonic()
        while self._counted and self._counted[0][0] < now - 3600:
            self._total -= self._counted.popleft()[1]
        if self._total + size > self._most:
            raise Refused(503, "Too much was uploaded within an hour: try again later.")
        if self._counted and self._counted[-1][0] > now - 10:  # one entry for ten seconds
            started, counted = self._counted.pop()
            self._counted.append((started, counted + size))
        else:
            self._counted.append((now, size))
        self._total += size

    def _remove_unfinished(self) -> None:
        """Delete what Gradio leaves of uploads whose sender went away."""
        oldest = time.time() - limits.UPLOAD_SECONDS
        for path in self._folder.glob("tmp*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink()
