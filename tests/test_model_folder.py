"""A model folder on the disk: manifest, integrity, and the names that stand for it."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.errors import ArtifactError, SanaError
from pipeline.domain.families import FLOW
from pipeline.hub.resolve import resolve
from pipeline.model_folder import remembered
from pipeline.model_folder.files import sha256
from pipeline.model_folder.folder_layout import MANIFEST, REQUIRED_FILES, TRANSFORMER_CONFIG
from pipeline.model_folder.integrity import describe_files, verify
from pipeline.model_folder.manifest import FORMAT_VERSION, Manifest, read_manifest, write_manifest
from pipeline.model_folder.model_index import ModelIndex
from pipeline.model_folder.remembered import Remembered, remembered_sha256
from tests.descriptions import MODEL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a complete folder; the files hold nothing that OpenVINO could read."""
    for name in (*REQUIRED_FILES, "tokenizer/tokenizer.json"):
        path = tmp_path / "ir" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 1000)
    (tmp_path / "ir" / "model_index.json").write_text('{"_class_name": "SanaPipeline"}')
    (tmp_path / "ir" / TRANSFORMER_CONFIG).write_text('{"sample_size": 8}')
    write_manifest(tmp_path / "ir", manifest_of(tmp_path / "ir"))
    return tmp_path / "ir"


def manifest_of(folder: Path) -> Manifest:
    return Manifest(
        model=dataclasses.replace(MODEL, components={"transformer": {"psnr": 80.0}}),
        tools={"openvino": "1"},
        complex_human_instruction=["Рисуй:", ""],
        max_sequence_length=300,
        preview={"matrix": [[1.0]], "bias": [0.0]},
        files=describe_files(folder),
    )


def read_and_verify(folder: Path) -> None:
    verify(folder, read_manifest(folder))


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_manifest_is_read_as_it_was_written_and_the_folder_verifies(folder: Path) -> None:
    assert read_manifest(folder) == manifest_of(folder)
    assert set(read_manifest(folder).files) == {*REQUIRED_FILES, "tokenizer/tokenizer.json"}
    assert ModelIndex.read(folder).family is FLOW
    verify(folder, read_manifest(folder))


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name} is missing"):
        read_and_verify(folder)


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = folder / "transformer" / "openvino_model.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match=r"transformer/openvino_model\.bin has [\d,]+ bytes instead of"):
        read_and_verify(folder)


@pytest.mark.parametrize("name", ["vae_decoder/openvino_model.bin", TRANSFORMER_CONFIG])
def test_a_flipped_bit_is_found(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{name} is damaged"):
        read_and_verify(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": FORMAT_VERSION + 1}, "update the program"),
        ({"format_version": FORMAT_VERSION - 1}, "this program reads format"),
        ({"defaults": {"width": 1}}, "is damaged"),
        ({"defaults": None}, "is damaged"),
        ({"files": {"model_index.json": {}}}, "is damaged"),
        ({"files": []}, "is damaged"),
        ({"files": {}}, r"does not list model_index\.json"),
        ({"surprise": 1}, "is damaged"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit_manifest(folder, **changes)
    with pytest.raises(ArtifactError, match=message) as caught:
        read_manifest(folder)
    assert "\n" not in str(caught.value)


INCOMPLETE = json.dumps({"format_version": FORMAT_VERSION}).encode()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", INCOMPLETE, b"\xff\xfe"])
def test_a_damaged_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match="is damaged"):
        read_manifest(folder)


def test_files_outside_of_the_folder_are_refused(folder: Path) -> None:
    (folder.parent / "secret").write_text("x")
    files = {**read_manifest(folder).files, "../secret": {"size": 1, "sha256": ""}}
    edit_manifest(folder, files=files)
    with pytest.raises(ArtifactError, match="outside of the folder"):
        read_and_verify(folder)


def test_a_folder_that_is_no_ir_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"has no manifest\.json"):
        read_manifest(tmp_path)


def test_an_unknown_pipeline_class_is_refused(folder: Path) -> None:
    (folder / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    with pytest.raises(ArtifactError, match="FluxPipeline"):
        ModelIndex.read(folder)


def test_names_resolve_to_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner" / "model").mkdir(parents=True)
    (tmp_path / "file").touch()
    assert resolve("owner/model").samefile(tmp_path / "owner" / "model")
    assert resolve(tmp_path) == tmp_path
    names: list[tuple[str | Path, str]] = [
        (Path("owner/other"), "There is no folder owner/other"),
        ("missing", "There is no folder missing"),
        ("/missing/folder", "There is no folder"),
        ("./missing", "There is no folder"),
        ("", "name of the model is empty"),
        ("file", "is a file"),
    ]
    for name, message in names:
        with pytest.raises(SanaError, match=message):
            resolve(name)


def test_a_large_file_is_hashed_again_only_if_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "LARGE", 10)
    hashed: list[Path] = []
    monkeypatch.setattr(remembered, "sha256", lambda path: hashed.append(path) or sha256(path))
    record, large, small = tmp_path / "hashes.json", tmp_path / "large.bin", tmp_path / "small.bin"
    large.write_bytes(b"0" * 10)
    small.write_bytes(b"0" * 9)

    def hashes() -> list[str]:
        hashed.clear()
        facts = Remembered(record)
        return [remembered_sha256(path, facts) for path in (large, small)]

    first = hashes()
    assert hashed == [large, small]
    assert hashes() == first
    assert hashed == [small]
    times = large.stat().st_atime_ns, large.stat().st_mtime_ns
    large.write_bytes(b"1" * 10)
    os.utime(large, ns=times)  # as some tools keep the time
    assert hashes() == [sha256(large), first[1]]
    assert hashed == [large, small]
    for damaged in (b"[]", b"{", b'{"%s": 1}' % str(large).encode()):
        record.write_bytes(damaged)
        assert hashes()[1] == first[1]
        assert hashed == [large, small]
    record.unlink()
    record.mkdir()  # cannot be written
    hashes()
    assert hashed == [large, small]
