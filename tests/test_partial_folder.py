"""An output folder in the making: what is kept of an interrupted export, and who may write."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.errors import ArtifactError
from pipeline.export import partial_folder
from pipeline.export.partial_folder import Inputs, PartialFolder, is_complete, remove_leftover, sole_writer
from pipeline.model_folder import whole_files
from pipeline.model_folder.whole_files import write_whole

INPUTS = Inputs("a", "fp16", {"exporter": "2"})


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def root(output: Path) -> Path:
    """The partial folder of an export that was killed after two components."""
    partial = PartialFolder(output, INPUTS)
    for name in ("text_encoder", "transformer"):
        (partial.folder / name).mkdir()
        (partial.folder / name / "model.bin").write_text(name)
        (partial.reference / f"{name}.npy").write_text(name)
        partial.finish(name, {"parity_db": 1.0})
    return output.with_name("output.partial")


def kept(output: Path, inputs: Inputs = INPUTS) -> set[str]:
    return set(PartialFolder(output, inputs).components)


def test_what_is_whole_is_kept(output: Path, root: Path) -> None:
    (root / "ir" / "vae_decoder").mkdir()
    (root / "ir" / "vae_decoder" / "half").touch()
    assert kept(output) == {"text_encoder", "transformer"}
    assert not (root / "ir" / "vae_decoder").exists()
    assert (root / "ir" / "transformer" / "model.bin").read_text() == "transformer"


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        (lambda root: shutil.rmtree(root / "ir"), set()),  # renamed, and killed before the rest was removed
        (lambda root: (root / "ir" / "transformer" / "model.bin").write_text("transformed"), {"text_encoder"}),
        (lambda root: (root / "ir" / "transformer" / "model.bin").unlink(), {"text_encoder"}),
        (lambda root: (root / "reference" / "text_encoder.npy").write_text(""), set()),  # on which all others rest
        (lambda root: (root / "reference" / "transformer.npy").unlink(), {"text_encoder"}),
        (lambda root: (root / "progress.json").write_text("[" * 100_000), set()),
        (lambda root: (root / "progress.json").write_text('{"inputs": 1}'), set()),
        (lambda root: (root / "progress.json").unlink() or (root / "lock").touch(), set()),
    ],
)
def test_finished_parts_are_claimed_only_as_they_were_written(
    output: Path, root: Path, damage: Callable[[Path], object], left: set[str]
) -> None:
    damage(root)
    assert kept(output) == left
    assert {path.name for path in (root / "ir").iterdir()} == left
    assert kept(output) == left


def test_another_exporter_begins_again(output: Path, root: Path) -> None:
    assert kept(output, Inputs("a", "fp16", {"exporter": "1"})) == set()


def test_a_folder_that_only_looks_like_ours_is_left_alone(output: Path) -> None:
    (output.with_name("output.partial") / "reference").mkdir(parents=True)
    with pytest.raises(ArtifactError, match=r"precompile\.py did not write it"), sole_writer(output, print):
        pass
    assert (output.with_name("output.partial") / "reference").is_dir()


def test_an_export_that_was_killed_while_it_wrote_its_first_file_goes_on(output: Path) -> None:
    output.with_name("output.partial").mkdir()
    (output.with_name("output.partial") / "progress.json.1-2.new").touch()
    with sole_writer(output, print):
        assert kept(output) == set()


def test_one_writer_at_a_time_and_the_other_says_for_whom_it_waits(output: Path) -> None:
    told: list[str] = []
    order: list[str] = []

    def second() -> None:
        with sole_writer(output, told.append):
            order.append("second")

    with sole_writer(output, print):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
        shutil.rmtree(output.with_name("output.partial"))  # as at the end of an export
    thread.join(10)
    assert order == ["first", "second"]
    assert len(told) == 1
    assert told[0].startswith("process ")
    assert not output.with_name("output.partial").exists()  # nothing was begun


def test_what_is_left_beside_a_complete_output_is_removed_unless_somebody_works_there(output: Path, root: Path) -> None:
    with sole_writer(output, print):
        remove_leftover(output)
        assert root.is_dir()
    remove_leftover(output)
    assert not root.exists()
    remove_leftover(output)


def test_an_output_of_an_older_exporter_is_not_up_to_date(int4_like: tuple[Path, dict[str, str]]) -> None:
    output, tools = int4_like
    assert is_complete(output, Inputs("a", "fp16", tools))
    with pytest.raises(ArtifactError, match="tool version"):
        is_complete(output, Inputs("a", "fp16", {**tools, "exporter": "2"}))


@pytest.fixture
def int4_like(output: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, str]]:
    """A folder whose manifest knows no version of the exporter."""
    from types import SimpleNamespace

    output.mkdir()
    (output / "manifest.json").touch()
    tools = {"openvino": "1"}
    manifest = SimpleNamespace(model=SimpleNamespace(revision="a", compression="fp16"), tools=tools)
    monkeypatch.setattr(partial_folder, "read_manifest", lambda folder: manifest)
    monkeypatch.setattr(partial_folder, "verify", lambda folder, manifest: None)
    return output, tools


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    write_whole(tmp_path / "file", "before")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*{"fsync": (whole_files.os, "fsync"), "replace": (whole_files.Path, "replace")}[call], full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "file", "after")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "before")]
