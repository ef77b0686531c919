"""The move of a served model to another folder, while people draw with it."""

import threading
from collections.abc import Generator, Iterator
from typing import Protocol

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..jobs.model_sources import ModelSource
from ..jobs.models import Models
from .model_spec import DescribedModel


class ServedModels(Protocol):
    """What an update needs of `Cluster`. A place is that of a model in the menu."""

    def successor(self, place: int, name: str) -> DescribedModel: ...

    def change(self, place: int, new: DescribedModel) -> Iterator[int]: ...

    def source(self, place: int, model: ModelDescription) -> ModelSource: ...


class RollingUpdate:
    """Updates the models of a running program, one at a time."""

    def __init__(self, cluster: ServedModels, models: Models) -> None:
        self._cluster, self._models = cluster, models
        self._lock = threading.Lock()

    def run(self, model: str, replaced: str | None) -> Generator[str, None, None]:
        """Put `model` into the place of the one named `replaced`, None for the only one; yield what happens.

        Pictures that are drawn end on the old replicas; those that begin later are drawn by the new ones. The menu
        names the new model once all replicas draw with it.

        Raises:
            SanaError: another update goes on, the model cannot take that place, or its replicas do not start. The old
                model stays.
        """
        if not self._lock.acquire(blocking=False):
            raise SanaError("Another update goes on: wait for its end.")
        try:
            yield from self._run(model, replaced)
        finally:
            self._lock.release()

    def _run(self, model: str, replaced: str | None) -> Iterator[str]:
        old = self._replaced(replaced)
        place = self._models.names.index(old)
        new = self._cluster.successor(place, model)
        if not new.model.takes_settings_of(self._models.describe(old)):
            raise SanaError(
                f"{new.model.name} takes other settings than {old}, for which requests may wait: end app.py, and start "
                "it with this model."
            )
        told = -1
        for drawing in self._cluster.change(place, new):
            if drawing != told:
                told = drawing
                yield f"{old} goes, replica by replica; {drawing} draw with {new.model.name}"
        source = self._cluster.source(place, new.model)
        source.load(lambda progress: None)
        name = self._models.replace(old, source)
        for _ in self._models.prepare(name):
            pass
        yield f"{name} draws. Start app.py with this model the next time."

    def _replaced(self, name: str | None) -> str:
        names = self._models.names
        if name is None and len(names) > 1:
            raise SanaError(f"app.py has several models: name one with --replaces, of {'; '.join(names)}.")
        return self._models.find(name)
