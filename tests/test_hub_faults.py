"""Faults on the way from the Hub: success after another try, or one line; never half a model or a damaged one."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from pipeline import SanaError, SanaPipeline
from pipeline.model_folder.folder_layout import MANIFEST, TRANSFORMER_CONFIG
from pipeline.model_folder.integrity import verify
from pipeline.model_folder.manifest import read_manifest
from tests.fake_hub import FakeHub, Fault, Repo
from tests.hub_helpers import NAME, TAG, quietly, refused, without
from tests.tiny_checkpoint import build

ROOT = Path(__file__).parents[1]
PLACES = ["/refs$", "/revision/", "/tree/", "HEAD .*model_index.json", "GET .*/resolve/", "HEAD .*bin$", "GET /blobs/"]


def fetched_is_whole(name: str) -> None:
    folder = quietly(name)
    verify(folder, read_manifest(folder))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kinds", [(500, 500), (429, "drop")])
def test_what_passes_is_tried_again(hub: FakeHub, repo: Repo, place: str, kinds: tuple[int | str, ...]) -> None:
    """Where the cache would do, there are three tries, elsewhere more."""
    hub.faults = [Fault(place, kind) for kind in kinds]
    fetched_is_whole(NAME)
    assert [fault.times for fault in hub.faults] == [0, 0]


def test_every_file_may_fail_twice(hub: FakeHub, repo: Repo, files: dict[str, bytes]) -> None:
    hub.faults = [Fault(f"GET .*/resolve/.*{name}$", 500, times=2) for name in files]
    hub.faults += [Fault("GET /blobs/", "drop", times=4)]
    fetched_is_whole(NAME)


@pytest.mark.parametrize(
    "place",
    [
        "GET /blobs/",
        "GET .*/resolve/.*tokenizer.json",
        f"GET .*/resolve/.*{MANIFEST}",
        f"GET .*/resolve/.*{TRANSFORMER_CONFIG}",
    ],
)
def test_a_flipped_byte_is_fetched_again_once(hub: FakeHub, repo: Repo, place: str) -> None:
    hub.faults = [Fault(place, "flip")]
    fetched_is_whole(NAME)
    assert hub.faults[0].times == 0


@pytest.mark.parametrize("place", ["GET /blobs/", "GET .*/resolve/.*tokenizer.json"])
def test_a_byte_that_stays_flipped_is_refused(hub: FakeHub, repo: Repo, place: str) -> None:
    hub.faults = [Fault(place, "flip", times=1000)]
    assert "also when fetched again" in refused(NAME)
    with pytest.raises(SanaError, match="also when fetched again"):
        SanaPipeline.from_pretrained(NAME, on_progress=lambda progress: None)


@pytest.mark.parametrize(
    "name", ["transformer/openvino_model.bin", "tokenizer/tokenizer.json", TRANSFORMER_CONFIG, MANIFEST]
)
def test_a_file_that_was_tampered_with_is_fetched_again(repo: Repo, name: str, offline: Callable[[], None]) -> None:
    folder = quietly(f"{NAME}@{TAG}")
    blob = (folder / name).resolve()
    original = blob.read_bytes()
    spoilt = b"x" + original[1:]
    blob.write_bytes(spoilt)
    quietly(f"{NAME}@{TAG}")
    assert (folder / name).read_bytes() == original
    (folder / name).resolve().write_bytes(spoilt)
    offline()
    assert "is damaged" in refused(f"{NAME}@{TAG}")


@pytest.mark.parametrize("name", ["transformer/openvino_model.bin", "tokenizer/tokenizer.json"])
@pytest.mark.parametrize("how", ["not in the tree", "not served"])
def test_a_repo_that_lacks_a_file_is_refused(hub: FakeHub, files: dict[str, bytes], name: str, how: str) -> None:
    hub.add(NAME, without(files, name) if how == "not in the tree" else files)
    if how == "not served":
        hub.faults = [Fault(f"/resolve/.*{name}", 404, times=1000)]
    line = refused(NAME)
    assert name in line
    with pytest.raises(SanaError, match=name):
        SanaPipeline.from_pretrained(NAME, on_progress=lambda progress: None)


def test_half_a_model_in_the_cache_is_completed_or_refused(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = quietly(f"{NAME}@{TAG}")
    (folder / "transformer" / "openvino_model.bin").resolve().unlink()
    with monkeypatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        for name in (NAME, f"{NAME}@{TAG}", f"{NAME}@{folder.name}"):
            assert "partly in the cache, and HF_HUB_OFFLINE" in refused(name)
    fetched_is_whole(f"{NAME}@{TAG}")


def test_what_is_not_cached_and_cannot_be_fetched_is_said(
    hub: FakeHub, repo: Repo, offline: Callable[[], None]
) -> None:
    hub.faults = [Fault("", 503, times=1000)]
    assert "failed 6 times with error 503" in refused(NAME)
    offline()
    for name in (NAME, f"{NAME}@{TAG}", f"{NAME}@{repo.main}"):
        assert "HF_HUB_OFFLINE forbids to fetch it" in refused(name)


@pytest.mark.long
@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_a_slow_file(hub: FakeHub, tmp_path: Path) -> None:
    folder = build(tmp_path / "checkpoint")
    stored = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.add("tester/checkpoint", stored)
    interruptible = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores Ctrl-C
    command: list[str | Path] = [sys.executable, ROOT / "precompile.py", "--model", "tester/checkpoint"]
    command += ["--output", tmp_path / "ir"]
    released = threading.Event()
    waited: list[bool] = []
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=interruptible, **pipes) as process:

        def stall() -> None:
            process.send_signal(signal.SIGINT)
            waited.append(released.wait(30))

        hub.faults = [Fault("GET /blobs/", stall)]
        try:
            _, errors = process.communicate(timeout=60)
            assert waited == []
        finally:
            released.set()
    assert (process.returncode, len(errors.splitlines())) == (130, 1)
