"""Files of a loaded model that vanish or change: the request is told in a sentence, and the next one heals it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import SanaPipeline
from pipeline.domain.errors import ArtifactError, DeviceError, SanaError
from pipeline.domain.model import ModelDescription
from pipeline.domain.progress import OnProgress
from pipeline.domain.updates import Result
from pipeline.jobs.models import Models
from pipeline.model_folder.parity import Sample
from pipeline.runtime.compiled_model import TransformerModel
from pipeline.runtime.device import Device
from tests.descriptions import MODEL

SETTINGS: Any = None  # which this model does not look at


class Source:
    """A model whose pipeline fails while `error` is set."""

    device = "CPU"

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.loading_error: Exception | None = None
        self.loads = 0

    def describe(self) -> ModelDescription:
        return MODEL

    def load(self, on_progress: OnProgress) -> Any:
        if self.loading_error:
            raise self.loading_error
        self.loads += 1
        return SimpleNamespace(generate=self.generate)

    def generate(self, settings: object, given: object = None) -> Iterator[str]:
        yield "step"
        if self.error:
            raise self.error
        yield "result"


@pytest.mark.parametrize(
    "error",
    [
        ArtifactError("/srv/secret/openvino_model.xml is gone"),
        DeviceError("/srv/secret/openvino_model.xml does not compile"),
        FileNotFoundError(2, "No such file", "/srv/secret"),
        OSError(28, "No space left on device", "/srv/secret"),
    ],
)
def test_a_model_whose_files_are_gone_is_loaded_anew_for_the_next_request(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source()
    models = Models([source])
    models.start(lambda progress: None)
    source.error = error
    with pytest.raises(SanaError, match=r"^The files of model \(fp16\) are gone or have changed") as told:
        list(models.generate(models.names[0], SETTINGS))
    assert "secret" not in str(told.value)
    assert "secret" in caplog.text  # for whoever runs the program
    source.loading_error = ArtifactError("There is no folder /srv/secret")
    with pytest.raises(SanaError, match="cannot be loaded: the log of the program says why") as told:
        list(models.generate(models.names[0], SETTINGS))
    assert "secret" not in str(told.value)
    source.error = source.loading_error = None
    assert [each for each in models.generate(models.names[0], SETTINGS) if isinstance(each, str)] == ["step", "result"]
    assert source.loads == 2


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    return shutil.copytree(model, tmp_path / "model")


@pytest.mark.parametrize(
    "harm",
    [
        lambda part: shutil.rmtree(part),
        lambda part: os.utime(part / "openvino_model.bin"),
        lambda part: os.replace(shutil.copy2(part / "openvino_model.xml", part / "x"), part / "openvino_model.xml"),
    ],
)
def test_what_is_compiled_later_is_what_was_loaded(folder: Path, harm: Callable[[Path], object]) -> None:
    part = folder / "transformer"
    inputs = Sample.load(part).inputs
    transformer = TransformerModel(Device(), part / "openvino_model.xml")
    transformer(inputs)
    harm(part)
    transformer(inputs)  # which is in memory
    taller = {**inputs, "hidden_states": np.concatenate([inputs["hidden_states"]] * 2, axis=2)}
    with pytest.raises(ArtifactError, match="is gone, or has changed since it was loaded"):
        transformer(taller)


def test_a_folder_that_vanishes_keeps_drawing_what_is_in_memory_and_checking_what_is_asked(folder: Path) -> None:
    pipe = SanaPipeline.from_pretrained(folder)
    settings = pipe.settings("a house", width=128, height=128, num_inference_steps=1, use_resolution_binning=False)
    list(pipe.generate(settings))
    folder.rename(folder.with_name("away"))
    *_, result = pipe.generate(settings)
    assert isinstance(result, Result)
    with pytest.raises(ArtifactError, match="is gone"):
        list(pipe.generate(pipe.settings("a house", width=160, height=128, use_resolution_binning=False)))
    folder.with_name("away").rename(folder)
    assert pipe("a house", width=160, height=128, num_inference_steps=1, use_resolution_binning=False).images
