"""Where an export is made and how it gets its place: beside an output, or inside of one that nothing can replace."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.domain.progress import Progress, print_progress
from pipeline.export import resource_check
from pipeline.export.compression_recipes import RECIPES
from pipeline.export.output_place import is_vacant, place_aside, put_in_place, take_back
from pipeline.model_folder.folder_layout import MANIFEST


def make(folder: Path) -> None:
    (folder / "transformer").mkdir(parents=True)
    for name in ("transformer/openvino_model.xml", "model_index.json", MANIFEST):
        (folder / name).write_text(name)


def test_an_output_that_is_not_there_is_made_beside_it_and_renamed(tmp_path: Path) -> None:
    output = tmp_path / "output"
    aside = place_aside(output)
    assert aside == tmp_path / "output.partial"
    make(aside / "ir")
    assert is_vacant(output)
    put_in_place(aside / "ir", output)
    assert sorted(os.listdir(output)) == [MANIFEST, "model_index.json", "transformer"]
    assert not is_vacant(output)


@pytest.mark.parametrize("moved", range(4))
def test_a_mounted_volume_is_filled_where_it_is_and_the_manifest_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """Its folder can be neither removed nor renamed; a kill between two files is made good by the next run."""
    volume = tmp_path / "volume"
    (volume / "lost+found").mkdir(parents=True)
    monkeypatch.setattr(type(volume), "rmdir", lambda path: pytest.fail("a volume is busy"))
    assert is_vacant(volume)
    aside = place_aside(volume)
    assert aside.parent == volume, "the same disk"
    make(aside / "ir")
    assert is_vacant(volume), "begun by an export"
    rename, count = type(volume).rename, iter(range(100))
    order: list[str] = []

    def killed(path: Path, target: Path) -> Path:
        if next(count) == moved:
            raise KeyboardInterrupt
        order.append(path.name)
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(type(volume), "rename", killed)
        if moved < 3:
            with pytest.raises(KeyboardInterrupt):
                put_in_place(aside / "ir", volume)
            assert not (volume / MANIFEST).exists()
            assert is_vacant(volume)
        else:
            put_in_place(aside / "ir", volume)
            assert order[-1] == MANIFEST
    take_back(aside / "ir", volume)
    if moved < 3:
        assert sorted(os.listdir(aside / "ir")) == [MANIFEST, "model_index.json", "transformer"]
        assert sorted(os.listdir(volume)) == [".partial", "lost+found"]


def test_somebody_elses_files_are_not_vacant(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not is_vacant(tmp_path)
    assert not is_vacant(tmp_path / "file")
    (tmp_path / "model_index.json").touch()
    assert not is_vacant(tmp_path)


def test_room_is_measured_on_the_disk_of_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "volume").mkdir()
    asked: list[Path] = []
    monkeypatch.setattr(
        resource_check.shutil, "disk_usage", lambda place: asked.append(place) or SimpleNamespace(free=10**15)
    )
    monkeypatch.setattr(resource_check, "free_memory", lambda: 10**15)
    weights: dict[str, Any] = dict.fromkeys(("text_encoder", "transformer", "vae"), SimpleNamespace(count=1, largest=1))
    for name in ("volume", "new", "volume/new/deep"):
        resource_check.check_resources(weights, RECIPES["fp16"], tmp_path / name)
    assert asked == [tmp_path / "volume", tmp_path, tmp_path / "volume"]


@pytest.mark.parametrize(("encoding", "printed"), [("cp1252", r"\u0434\u043e\u043c is complete."), ("utf-8", "дом is")])
def test_no_console_ends_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, printed: str) -> None:
    with (tmp_path / "console").open("w", encoding=encoding) as console:
        monkeypatch.setattr("sys.stdout", console)
        print_progress(Progress("export", "дом is complete."))
    assert printed in (tmp_path / "console").read_text(encoding=encoding)
    print_progress(Progress("export", "to a console that is closed"))
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w", buffering=1) as full:
            monkeypatch.setattr("sys.stdout", full)
            print_progress(Progress("export", "to a full disk"))
            monkeypatch.undo()
            os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    monkeypatch.setattr("sys.stdout", None)
    print_progress(Progress("export", "to no console at all"))
