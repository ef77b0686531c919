"""When a model on a device is compiled again."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from pipeline.runtime.compiled_model import CompiledModel, TransformerModel
from pipeline.runtime.device import Device
from tests.tiny_checkpoint import HIDDEN, LATENT_CHANNELS


def inputs(batch: int = 1, height: int = 4, width: int = 8, tokens: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(tokens)
    given = {
        "hidden_states": (batch, LATENT_CHANNELS, height, width),
        "encoder_hidden_states": (batch, tokens, HIDDEN),
        "encoder_attention_mask": (batch, tokens),
        "timestep": (batch,),
    }
    return {name: np.abs(rng.normal(size=shape)).astype(np.float32) for name, shape in given.items()}


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, tuple[int, ...]]]:
    shapes = []
    compile_model = Device.compile

    def counted(
        self: Device, model: Path, precision: str, given: dict[str, tuple[int, ...]], exact: str | None
    ) -> ov.CompiledModel:
        shapes.append(given)
        return compile_model(self, model, precision, given, exact)

    monkeypatch.setattr(Device, "compile", counted)
    return shapes


def test_a_transformer_is_compiled_for_a_size_and_any_prompt(
    ir_of_transformer: Path, compilations: list[dict[str, tuple[int, ...]]]
) -> None:
    transformer = TransformerModel(Device(), ir_of_transformer)
    for given in (inputs(), inputs(tokens=9), inputs(tokens=1)):
        transformer(given)
    assert compilations == [
        {
            "hidden_states": (1, LATENT_CHANNELS, 4, 8),
            "encoder_hidden_states": (1, -1, HIDDEN),
            "encoder_attention_mask": (1, -1),
            "timestep": (1,),
        }
    ]
    transformer(inputs(height=8))
    transformer(inputs(height=8, batch=2))
    assert len(compilations) == 3


def test_a_transformer_answers_as_one_that_is_compiled_for_all_sizes(ir_of_transformer: Path) -> None:
    for given in (inputs(), inputs(batch=2, tokens=9), inputs(height=6)):
        expected = CompiledModel(Device(), ir_of_transformer)(given)
        np.testing.assert_allclose(TransformerModel(Device(), ir_of_transformer)(given), expected, rtol=1e-3, atol=1e-4)


@pytest.fixture
def ir_of_transformer(model: Path) -> Path:
    return model / "transformer" / "openvino_model.xml"
