"""Pictures behind URLs that nobody can guess, for an hour."""

import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path

from starlette.requests import Request

from ...domain.limits import FREE_DISK
from ..refused import Refused

LINK_ROUTE = "/pictures/"
LINK_SECONDS = 3600.0  # as OpenAI's


class PictureLinks:
    """The pictures, as files in a temporary folder."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._ends: OrderedDict[Path, float] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, content: bytes, extension: str) -> str:
        """Keep a picture; return the path of its URL. Raise Refused if the disk is full."""
        with self._lock:
            self._remove_old()
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="sana-links-", ignore_cleanup_errors=True)
            path = Path(self._folder.name) / f"{secrets.token_urlsafe(24)}.{extension}"
            if shutil.disk_usage(path.parent).free < FREE_DISK:
                raise Refused(507, "There is no room for pictures on the disk: ask for b64_json, or try again later.")
            path.write_bytes(content)
            self._ends[path] = time.monotonic() + LINK_SECONDS
        return LINK_ROUTE + path.name

    def find(self, name: str) -> Path:
        """Return the file of a URL's last part; raise Refused if there is none any more."""
        with self._lock:
            self._remove_old()
            for path in self._ends:
                if secrets.compare_digest(path.name.encode(), name.encode()):
                    return path
        raise Refused(404, "There is no such picture here, or not any more: a URL is good for an hour.")

    def _remove_old(self) -> None:
        now = time.monotonic()
        while self._ends and next(iter(self._ends.values())) <= now:
            self._ends.popitem(last=False)[0].unlink(missing_ok=True)


def absolute(path: str, request: Request, root_path: str) -> str:
    """Return the URL of a path, as the sender of a request reaches this server."""
    if "://" in root_path:
        return root_path + path
    forwarded = request.headers.get("x-forwarded-host", "").partition(",")[0].strip()
    host = forwarded or request.headers.get("host", "")
    return f"{request.scope['scheme']}://{host}{root_path}{path}"
