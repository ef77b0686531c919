"""The menu of models: what is loaded, and for whom; loads for those who left do not pile up."""

import dataclasses
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline import SanaPipeline
from pipeline.domain.errors import SettingsError
from pipeline.domain.model import ModelDescription
from pipeline.domain.progress import OnProgress
from pipeline.generation import memory_check
from pipeline.jobs.model_sources import NamedSource
from pipeline.jobs.models import Models
from pipeline.runtime.device import Device
from tests.descriptions import MODEL
from tests.waiting import wait_for


class Source:
    """A model whose loading waits for a test."""

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
    """Return the pipeline that a job gets if it is not cancelled."""
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


def test_a_loaded_model_is_compiled_for_its_default_size_ahead(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    original = Device.compile

    def compile_model(device: Device, *arguments: Any) -> Any:
        compiled.append(threading.current_thread().name)
        return original(device, *arguments)

    monkeypatch.setattr(Device, "compile", compile_model)
    pipe = NamedSource(str(model), "CPU").load(lambda progress: None)
    assert isinstance(pipe, SanaPipeline)
    segments = 1 + 2 + 4  # the transformer, and those of the draft decoder's previews and of the decoder
    wait_for(lambda: sum(name.startswith("prepare-ahead") for name in compiled) == segments)
    count = len(compiled)
    assert pipe("a house", num_inference_steps=1).images[0].size == (256, 256)
    assert len(compiled) == count
    pipe("a house", num_inference_steps=1, width=128, height=192)
    assert compiled[count:] == [threading.current_thread().name] * segments


def test_a_model_whose_default_size_is_too_large_here_is_loaded(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_check, "total_memory", lambda: 1)
    assert NamedSource(str(model), "CPU").load(lambda progress: None)
