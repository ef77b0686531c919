"""Missing rights: another folder is used where possible, else one line says what to change."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import app
import precompile as program
from pipeline import SanaError
from pipeline.domain.errors import ArtifactError
from pipeline.hub.resolve import resolve
from pipeline.model_folder.files import expand_home
from pipeline.runtime import folders
from pipeline.runtime.folders import cache_entry, cache_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names of folders and rights are those of POSIX")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder in which temporary folders are made."""
    monkeypatch.setattr(folders, "_temporary_folders", lambda: [tmp_path / "first", tmp_path / "second"])
    folders._writable.cache_clear()
    yield tmp_path
    folders._writable.cache_clear()


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the user's cache a file, so that nothing, not even root, can make a folder in it."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))


def no_home() -> None:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("named", ["", "relative"])
def test_the_cache_is_in_the_home_unless_a_variable_names_it(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("HOME", str(temporary / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert cache_folder() == temporary / "home" / ".cache" / "sana-openvino"
    assert cache_folder().is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(temporary / "elsewhere"))
    assert cache_folder() == temporary / "elsewhere" / "sana-openvino"


@pytest.mark.parametrize("lack", ["a home", "rights"])
def test_without_a_home_or_rights_there_is_a_private_temporary_folder(
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    lack: str,
    request: pytest.FixtureRequest,
) -> None:
    if lack == "rights":
        request.getfixturevalue("unwritable")
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setattr(folders.Path, "home", no_home)
    with caplog.at_level(logging.WARNING):
        assert cache_folder() == cache_folder() == temporary / "first"
    assert (temporary / "first").stat().st_mode & 0o777 == 0o700
    (line,) = caplog.messages
    assert "XDG_CACHE_HOME names another" in line


def test_a_temporary_folder_of_somebody_else_is_not_used(temporary: Path, unwritable: None) -> None:
    (temporary / "first").symlink_to(temporary)
    assert cache_folder() == temporary / "second"
    folders._writable.cache_clear()
    (temporary / "second").chmod(0o777)
    with pytest.raises(SanaError, match=r"cannot be written .* name another with XDG_CACHE_HOME"):
        cache_folder()


def test_what_a_cache_holds_is_used_though_it_cannot_be_written(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "cache_folder", lambda: temporary / "first")
    monkeypatch.setenv("XDG_CACHE_HOME", str(temporary))
    assert cache_entry("model") == temporary / "first" / "model"
    (temporary / "sana-openvino" / "model").mkdir(parents=True)
    assert cache_entry("model") == temporary / "sana-openvino" / "model"


def test_a_home_that_is_not_known_is_no_error() -> None:
    assert str(expand_home("~nobody-of-that-name/x")) == "~nobody-of-that-name/x"
    with pytest.raises(ArtifactError, match="There is no folder ~nobody-of-that-name/x"):
        resolve("~nobody-of-that-name/x")


def test_a_model_folder_that_must_not_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], port: int
) -> None:
    def refuse(path: object, **_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.exists", refuse)
    with pytest.raises(ArtifactError, match=r"cannot be read \(Permission denied\)"):
        resolve(tmp_path)
    monkeypatch.setattr(app, "serve", refuse)
    assert app.main(["--port", str(port)]) == 2
    monkeypatch.setattr(program, "run", refuse)
    assert program.main(["--model", "any", "--output", str(tmp_path)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "cannot be used (Permission denied)" in first
    assert "name another folder with --model, --vae, --lora or --output" in second
