"""The bundled model's folder in the cache: made by one process at a time, repaired, thinned out."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.errors import ArtifactError
from pipeline.domain.progress import OnProgress, Progress
from pipeline.miniature import precompiled
from pipeline.miniature.precompiled import PrecompiledMiniature
from tests.waiting import wait_for


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Return the list of exported folders. Each holds only a manifest, in a cache of the test's own."""
    made = []

    def export(checkpoint: Path, folder: Path, compression: str, on_progress: OnProgress) -> None:
        assert not folder.exists()
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
        made.append(folder)

    def verify(folder: Path, manifest: object) -> None:
        if (folder / "damaged").exists():
            raise ArtifactError("damaged")

    monkeypatch.setattr(precompiled, "export", export)
    monkeypatch.setattr(precompiled, "verify", verify)
    monkeypatch.setattr(precompiled, "read_manifest", lambda folder: None)
    monkeypatch.setattr(precompiled, "_fingerprint", lambda checkpoint: checkpoint.name)
    monkeypatch.setattr(precompiled, "cache_entry", lambda name: tmp_path / "cache" / name)
    return made


def start(tmp_path: Path, name: str = "a", on_progress: OnProgress = lambda progress: None) -> Path:
    return PrecompiledMiniature(tmp_path / name).folder(on_progress)


def test_of_two_first_starts_one_makes_the_folder_and_the_other_says_whom_it_waits_for(
    exports: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Progress] = []
    export = precompiled.export

    def export_meanwhile(*arguments: Any) -> None:
        wait_for(lambda: told)
        export(*arguments)

    monkeypatch.setattr(precompiled, "export", export_meanwhile)
    threads = [threading.Thread(target=start, args=(tmp_path, "a", told.append)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(exports) == 1
    [text] = [progress.text for progress in told]
    # a process writes its number after it has got the lock, perhaps after the other one looked
    assert text in {
        f"Waiting for {who}, which prepares the model" for who in (f"process {os.getpid()}", "another process")
    }


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "manifest.json").write_text('{"preview": 1}'),  # still JSON, as after a flipped bit
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "damaged").touch(),
        lambda folder: folder.with_name(f"{folder.name}.seal").unlink(),
        lambda folder: folder.with_name(f"{folder.name}.seal").write_bytes(b"\xff"),
    ],
)
def test_a_damaged_folder_is_made_again(exports: list[Path], tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(start(tmp_path))
    start(tmp_path)
    assert len(exports) == 2
    start(tmp_path)
    assert len(exports) == 2


def test_the_folders_of_other_versions_that_were_used_last_are_kept(exports: list[Path], tmp_path: Path) -> None:
    for name in ("a", "b", "a", "c"):
        folder = start(tmp_path, name)
        folder.with_name(f"{folder.name}.partial").mkdir(exist_ok=True)
        moment = time.time() - 100 + len(exports) * 10
        for path in (folder, folder.with_name(f"{folder.name}.partial")):
            os.utime(path, (moment, moment))
    start(tmp_path, "d")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()) == [
        "miniature-fp16-c",
        "miniature-fp16-c.partial",
        "miniature-fp16-d",
    ]
    assert len(list((tmp_path / "cache").glob("*.seal"))) == 2


def test_a_cache_that_cannot_be_written_is_the_exports_to_explain(
    exports: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").touch()

    def refuse(*_: Any) -> None:
        raise ArtifactError("cannot be written")

    monkeypatch.setattr(precompiled, "export", refuse)
    with pytest.raises(ArtifactError, match="cannot be written"):
        start(tmp_path)
