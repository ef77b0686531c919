"""What the tests of the Hub have in common."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import SanaError
from pipeline.hub.download import fetch
from tests.fake_hub import WRITE

NAME = "tester/sana-ir"
TAG = "openvino-2026.4.1-fp16"


def refused(name: str, call: Callable[..., Path] = fetch) -> str:
    """Fetch, which must fail; return the one sentence."""
    with pytest.raises(SanaError) as caught:
        call(name, lambda progress: None)
    assert "\n" not in str(caught.value)
    assert WRITE not in str(caught.value)
    return str(caught.value)


def quietly(name: str, call: Callable[..., Path] = fetch) -> Path:
    return call(name, lambda progress: None)


def without(files: dict[str, bytes], *names: str) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name not in names}
