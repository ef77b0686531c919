"""The menu of models: what is loaded, for whom, and that loads for those who left do not pile up."""

import dataclasses
import threading
from contextlib import closing
from typing import Any

import pytest

from pipeline.domain.errors import SettingsError
from pipeline.domain.model import ModelDescription
from pipeline.domain.progress import OnProgress
from pipeline.jobs.models import Models
from tests.conftest import wait_for
from tests.descriptions import MODEL


class Source:
    """A model whose loading a test holds up."""

    device = "CPU"

    def __init__(self, name: str) -> None:
        self.name, self.loads = name, 0
        self.may_load = threading.Event()

    def describe(self) -> ModelDescription:
        return dataclasses.replace(MODEL, source=f"owner/{self.name}")

    def load(self, on_progress: OnProgress) -> Any:
        self.loads += 1
        assert self.may_load.wait(30)
        return self


def prepared(models: Models, name: str) -> object:
    """The pipeline, as a job gets it that is not cancelled."""
    updates = models.prepare(name)
    while True:
        try:
            next(updates)
        except StopIteration as end:
            return end.value


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    monkeypatch.setattr("pipeline.jobs.models.PATIENCE", 0.01)
    return [Source("a"), Source("b"), Source("c")]


def test_loads_for_cancelled_requests_do_not_pile_up(sources: list[Source]) -> None:
    a, b, c = sources
    models = Models(sources)
    names = dict(zip("abc", models.names, strict=True))
    for _ in range(7):
        for letter in "abc":
            with closing(models.prepare(names[letter])) as updates:
                next(updates)
    wait_for(lambda: a.loads)
    for source in sources:
        source.may_load.set()
    assert prepared(models, names["b"]) is b
    assert (a.loads, b.loads, c.loads) == (1, 1, 0)
    assert models.loaded(names["b"]) is b
    assert models.loaded(names["a"]) is None


def test_who_comes_back_to_a_model_on_its_way_gets_it(sources: list[Source]) -> None:
    a, b, _ = sources
    models = Models(sources)
    for name in models.names[:2] * 3:
        with closing(models.prepare(name)) as updates:
            next(updates)
    a.may_load.set()
    assert prepared(models, models.names[0]) is a
    assert (a.loads, b.loads) == (1, 0)
    b.may_load.set()
    assert prepared(models, models.names[1]) is b
    assert models.loaded(models.names[0]) is None


def test_the_source_that_a_picture_names_stands_for_the_model(sources: list[Source]) -> None:
    models = Models(sources)
    assert models.find("owner/b") == models.names[1] == models.find(models.names[1])
    assert models.find(None) == models.find("") == models.names[0]
    unknown: tuple[Any, ...] = ("owner/d", "b", ["owner/b"], {}, 0)
    for name in unknown:
        with pytest.raises(SettingsError, match="There is no model"):
            models.find(name)
