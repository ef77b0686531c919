"""The text encoder's first call is made ahead of the first prompt, and a prompt waits for it."""

import threading
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import SanaPipeline
from pipeline.generation.text_encoder import TextEncoder
from pipeline.runtime.compiled_model import CompiledModel
from tests.tiny_checkpoint import tokenizer


def test_a_prompt_waits_for_the_call_ahead() -> None:
    begun, may_end = threading.Event(), threading.Event()
    calls: list[str] = []

    def infer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        name = threading.current_thread().name
        if name.startswith("prepare-ahead"):
            begun.set()
            assert may_end.wait(60)
        calls.append(name)
        return np.zeros((*inputs["input_ids"].shape, 4), np.float32)

    encoder = TextEncoder(infer, tokenizer(), None, [], 300)
    encoder.prepare()
    assert begun.wait(60)
    own = threading.Thread(target=encoder.encode, args=("a red house",), name="own")
    own.start()
    own.join(0.5)  # without the waiting, it would have ended by now
    assert own.is_alive()
    assert calls == []
    may_end.set()
    own.join(60)
    assert [name.partition("_")[0] for name in calls] == ["prepare-ahead", "own"]


def test_with_low_memory_nothing_is_called_ahead(model: Path, monkeypatch: Any) -> None:
    called: list[str] = []
    call = CompiledModel.__call__
    monkeypatch.setattr(
        CompiledModel,
        "__call__",
        lambda self, inputs: called.append(threading.current_thread().name) or call(self, inputs),
    )
    pipe = SanaPipeline.from_pretrained(model, low_memory=True)
    pipe.prepare()
    pipe("a house", num_inference_steps=1)
    assert set(called) == {threading.current_thread().name}
