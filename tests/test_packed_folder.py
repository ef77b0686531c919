"""The archive from which the miniature's folder is unpacked: complete, up to date, refused where it does not fit."""

import filecmp
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from pipeline.domain.errors import ArtifactError, SanaError
from pipeline.export import precompile
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.packed_folder import PackedFolder
from pipeline.miniature.training.packing import pack
from tests.tiny_checkpoint import build


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small checkpoint and its IR folder."""
    parent = tmp_path_factory.mktemp("exported")
    checkpoint = build(parent / "checkpoint")
    for weights in checkpoint.rglob("*.safetensors"):  # in f16, as the bundled ones
        save_file({name: tensor.half() for name, tensor in load_file(weights).items()}, weights)
    precompile(checkpoint, parent / "folder", on_progress=lambda progress: None)
    return parent


@pytest.fixture
def packed(exported: Path, tmp_path: Path) -> PackedFolder:
    """Return the archive of a small checkpoint; the folder that was packed lies beside it."""
    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    packed = PackedFolder(tmp_path / "checkpoint")
    pack(tmp_path / "folder", packed.checkpoint, packed.path)
    return packed


def test_what_is_unpacked_is_what_was_packed_without_the_weights(packed: PackedFolder, tmp_path: Path) -> None:
    assert packed.fits
    packed.unpack(tmp_path / "unpacked")
    original = tmp_path / "folder"
    files = [path.relative_to(original).as_posix() for path in original.rglob("*") if path.is_file()]
    assert filecmp.cmpfiles(original, tmp_path / "unpacked", files, shallow=False)[1:] == ([], [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "folder", "ir-folder.zip", "unpacked"]


def test_another_checkpoint_does_not_fit(packed: PackedFolder) -> None:
    (packed.checkpoint / "sana.json").write_text("{}")
    assert not packed.fits


def test_a_folder_that_cannot_be_unpacked_is_not_left(packed: PackedFolder, tmp_path: Path) -> None:
    (weights,) = (packed.checkpoint / "transformer").glob("*.safetensors")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ArtifactError, match="transformer/openvino_model"):
        packed.unpack(tmp_path / "unpacked")
    (tmp_path / "file").touch()
    with pytest.raises(SanaError, match=f"cannot be unpacked to {tmp_path / 'file'}: Not a directory"):
        packed.unpack(tmp_path / "file" / "unpacked")
    assert not (tmp_path / "unpacked").exists()


def test_the_bundled_archive_holds_what_the_exporter_makes(tmp_path: Path) -> None:
    """If this fails, run `python -m pipeline.miniature.training.packing`."""
    packed = PackedFolder(CHECKPOINT)
    assert packed.fits
    packed.unpack(tmp_path / "unpacked")
    exported = precompile(CHECKPOINT, tmp_path / "exported", on_progress=lambda progress: None)
    graphs = [path.relative_to(exported).as_posix() for path in exported.rglob("openvino_model.*")]
    assert len(graphs) >= 8
    assert filecmp.cmpfiles(exported, tmp_path / "unpacked", graphs, shallow=False)[1:] == ([], [])
