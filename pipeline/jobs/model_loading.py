"""One model on its way into memory."""

import gc
import threading
from typing import Optional

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.progress import OnProgress, Progress
from .model_sources import ModelSource, Pipeline


class ModelLoading:
    """`run` it once; when it is `settled`, `pipeline` or `error` is there. `progress` says what is being done.

    Loading cannot be stopped, but one that waits for the model `before` can be given up. `wanted` counts who waits.
    """

    def __init__(self, name: str, source: ModelSource, before: Optional["ModelLoading"]) -> None:
        self.name = name
        self.progress = Progress("load", "Preparing the model")
        self.pipeline: Pipeline | None = None
        self.model: ModelDescription | None = None  # with what is known only of the loaded model
        self.error: SanaError | None = None
        self.settled = threading.Event()
        self.wanted = 0
        self.before = before
        self._source = source
        self._is_begun = self._is_given_up = False
        self._lock = threading.Lock()

    def give_up(self) -> bool:
        """Return whether this will never be loaded: nobody waits for it, and it has not begun."""
        with self._lock:
            self._is_given_up = not self._is_begun and not self.wanted
            return self._is_given_up

    def run(self, on_progress: OnProgress = lambda progress: None) -> None:
        """Free the model before, and load this one; raise nothing but what is no SanaError."""

        def tell(progress: Progress) -> None:
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
                gc.collect()  # both would not fit where one does
            pipeline = self._source.load(tell)
            self.model = self._source.describe()
            self.pipeline = pipeline
        except SanaError as error:
            self.error = error
        except OSError as error:  # a disk that is full, or was taken away
            self.error = self._unloadable(str(error.strerror or error))
        finally:
            if self.pipeline is None and self.error is None:
                self.error = self._unloadable("see the terminal of app.py")
            self.settled.set()

    def _unloadable(self, reason: str) -> SanaError:
        return SanaError(Problem("model not loaded", {"model": self.name, "reason": reason}))
