"""The making of a full-size model for who began with the miniature: fetched, converted, and put into the menu."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..domain.catalogue import CATALOGUE
from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.progress import Progress
from ..hub.checkpoint_download import checkpoint_size, find_configuration
from ..miniature.export_process import run_precompile
from ..model_folder.folder_layout import MANIFEST
from ..publish.licence import HUB, find_licence
from ..runtime.folders import cache_entry
from .model_sources import ModelSource
from .models import Models

_LOG = logging.getLogger(__name__)
VARIANT, COMPRESSION = CATALOGUE[0], "int8"  # the smallest that draws at 1024 pixels, and the fastest on a CPU


@dataclass(frozen=True)
class Offer:
    """What is fetched: the checkpoint's name and page on the Hub, its bytes, and its licence, without Gemma's."""

    repo: str
    page: str
    size: int
    licence: str


class FullSize:
    """One full-size model, made in a process of its own. `name` is its name in the menu once it is there.

    `progress` is that of the making, None before it begins; `error` says why it ended.
    """

    def __init__(self, models: Models, new_source: Callable[[str], ModelSource]) -> None:
        """Put the model into the menu if an earlier run of the program has made it.

        `new_source` returns the source of a folder.
        """
        self.name: str | None = None
        self.progress: Progress | None = None
        self.error: SanaError | None = None
        self._models = models
        self._new_source = new_source
        self._lock = threading.Lock()
        if (self._folder / MANIFEST).is_file():
            try:
                self._add()
            except SanaError as error:  # a damaged folder: it can be made again
                _LOG.warning("%s", error)

    @property
    def is_running(self) -> bool:
        return self.progress is not None and self.name is None and self.error is None

    def look_up(self) -> Offer:
        """Ask the Hub what the model is; raise SanaError if it cannot be reached."""
        source = find_configuration(VARIANT.repo)
        entries = find_licence(VARIANT.repo, VARIANT, source.folder).entries
        licence = entries.get("license_name", entries["license"])
        return Offer(VARIANT.repo, f"{HUB}{VARIANT.repo}", checkpoint_size(source), licence)

    def start(self) -> None:
        """Begin to make the model, unless that is going on or done."""
        with self._lock:
            if self.is_running or self.name:
                return
            self.progress, self.error = Progress("fetch", "Asking the Hub"), None
        threading.Thread(target=self._make, daemon=True, name="full size").start()

    def _make(self) -> None:
        arguments = ["--model", VARIANT.repo, "--output", str(self._folder), "--compression", COMPRESSION]
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            run_precompile(arguments, self._tell)
            self._add()
        except SanaError as error:
            self.error = error
        except Exception:  # noqa: BLE001 - a thread: nobody else would hear of it
            _LOG.exception("A full-size model could not be made")
            self.error = SanaError(Problem("failed", {}))

    def _tell(self, progress: Progress) -> None:
        self.progress = progress

    def _add(self) -> None:
        self.name = self._models.add(self._new_source(str(self._folder)))

    @property
    def _folder(self) -> Path:
        return cache_entry("models") / f"{VARIANT.name}-{COMPRESSION}"
