"""The loading of one model into memory."""

import gc
import threading
import time
from typing import Optional

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.progress import OnProgress, Progress
from .model_sources import ModelSource, Pipeline


class ModelLoading:
    """The loading of one model: `run` it once. When it is `settled`, either `pipeline` or `error` is set.

    Loading cannot be stopped, but can be given up while it waits for the loading `before`. `wanted` counts the waiting
    requests.
    """

    def __init__(self, name: str, source: ModelSource, before: Optional["ModelLoading"]) -> None:
        self.name = name
        self.progress = Progress("load", "Preparing the model")
        self.pipeline: Pipeline | None = None
        self.model: ModelDescription | None = None  # a fuller description, once the model is loaded
        self.error: SanaError | None = None
        self.settled = threading.Event()
        self.wanted = 0
        self.before = before
        self._source = source
        self._is_begun = self._is_given_up = False
        self._stage_begun = time.monotonic()
        self._lock = threading.Lock()

    @property
    def seconds_left(self) -> float | None:
        """The seconds that this stage will still take, if its parts take equally long; None if unknown."""
        done, total = self.progress.done, self.progress.total
        if not done or not total:
            return None
        return (time.monotonic() - self._stage_begun) * (total - done) / done

    def give_up(self) -> bool:
        """Give up the loading if nobody waits for it and it has not begun; return whether that succeeded."""
        with self._lock:
            self._is_given_up = not self._is_begun and not self.wanted
            return self._is_given_up

    def run(self, on_progress: OnProgress = lambda progress: None) -> None:
        """Free the previous model and load this one. A SanaError or OSError goes into `error`; others are raised."""

        def tell(progress: Progress) -> None:
            if progress.stage != self.progress.stage:
                self._stage_begun = time.monotonic()
            self.progress = progress
            on_progress(progress)

        try:
            if self.before:
                self.before.settled.wait()
            with self._lock:
                self._is_begun = not self._is_given_up
            if not self._is_begun:
                self.error = SanaError(Problem("model released", {"model": self.name}))
                return
            if self.before:
                self.before.pipeline = None
                self.before = None
                gc.collect()  # the memory may hold one model, but not both
            pipeline = self._source.load(tell)
            self.model = self._source.describe()
            self.pipeline = pipeline
        except SanaError as error:
            self.error = error
        except OSError as error:  # for example, a full or removed disk
            self.error = self._unloadable(str(error.strerror or error))
        finally:
            if self.pipeline is None and self.error is None:
                self.error = self._unloadable("see the terminal of app.py")
            self.settled.set()

    def _unloadable(self, reason: str) -> SanaError:
        return SanaError(Problem("model not loaded", {"model": self.name, "reason": reason}))
