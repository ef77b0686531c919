"""The export of random tiny checkpoints: going on, refusing, parity, compression, preview and prefix."""

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import SanaError, SanaPipeline
from pipeline.domain.progress import Progress
from pipeline.export import output_place, partial_folder, precompile, precompile_checkpoint
from pipeline.export.checkpoint import read_checkpoint
from pipeline.export.compression_recipes import FP16, RECIPES
from pipeline.export.partial_folder import Inputs, PartialFolder
from pipeline.export.reference import PROMPTS
from pipeline.model_folder.folder_layout import MANIFEST
from pipeline.model_folder.integrity import verify
from pipeline.model_folder.manifest import read_manifest
from tests.tiny_checkpoint import build

HEADS = 6  # a width of 96: does not divide into groups of 64
LONG = ("int8", "w8a8")  # compressions whose exports only `-m long` tries


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("export") / "tiny-sana", heads=HEADS)


@pytest.fixture(scope="module")
def interrupted(checkpoint: Path) -> tuple[Path, list[Progress]]:
    """Interrupt an int4 export at a component and run it again; return the folder and the second run's records."""
    output = checkpoint.parent / "int4"

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(precompile_checkpoint.EXPORTERS, "vae_decoder", interrupt)
        with pytest.raises(KeyboardInterrupt):
            precompile(checkpoint, output, "int4", on_progress=lambda progress: None)
    assert not output.exists()
    assert output.with_name("int4.partial").is_dir()
    records: list[Progress] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial_folder, "put_in_place", lambda folder, place: move_unmapped(folder, place))
        precompile(checkpoint, output, "int4", on_progress=records.append)
    return output, records


def move_unmapped(folder: Path, place: Path) -> None:
    """Move the finished folder as an export does; no file of it may be open or mapped, which Windows would refuse."""
    if sys.platform == "linux":
        assert str(folder) not in Path("/proc/self/maps").read_text()
    output_place.put_in_place(folder, place)


@pytest.fixture(scope="module")
def int4(interrupted: tuple[Path, list[Progress]]) -> Path:
    return interrupted[0]


def test_an_interrupted_run_is_continued(interrupted: tuple[Path, list[Progress]]) -> None:
    output, records = interrupted
    begun, *lines = [record.text for record in records[:5]]
    assert begun == "exporting tiny-sana as int4"
    assert [line.partition(":")[0] for line in lines] == ["text_encoder", "transformer", "vae_decoder", "vae_encoder"]
    assert ["kept from the interrupted run" in line for line in lines] == [True, True, False, False]
    assert not output.with_name("int4.partial").exists()
    verify(output, read_manifest(output))


def test_progress_counts_the_components(interrupted: tuple[Path, list[Progress]]) -> None:
    _, records = interrupted
    assert [(record.done, record.total) for record in records[:5]] == [(done, 4) for done in range(5)]
    table = records[5:-1]
    assert [record.stage for record in records] == ["export"] * 5 + ["parity"] * len(table) + ["export"]
    assert "dB" in table[1].text
    assert records[-1].text.endswith("is complete.")


@pytest.mark.long
def test_an_interrupted_run_ends_with_the_files_of_an_undisturbed_one(checkpoint: Path, int4: Path) -> None:
    undisturbed = precompile(checkpoint, checkpoint.parent / "undisturbed", "int4", on_progress=lambda progress: None)
    assert read_manifest(undisturbed).files == read_manifest(int4).files


def test_the_manifest_tells_what_was_made_of_what(int4: Path) -> None:
    manifest = read_manifest(int4)
    model = manifest.model
    assert (model.source, model.family.name, model.compression) == ("tiny-sana", "flow", "int4")
    assert str(model.revision).startswith("sha256:")
    assert model.max_size == 512
    assert {name: record["compression"] for name, record in model.components.items()} == {
        "text_encoder": "int8",
        "transformer": "int4",
        "vae_decoder": "int8",
        "vae_encoder": "int8",
    }
    assert all(record["parity_db"] > 25 for record in model.components.values())
    assert np.shape(manifest.preview["matrix"]) == (3, 32)
    everything = "".join(path.read_text() for path in int4.rglob("*") if path.suffix in (".json", ".xml"))
    assert str(int4.parent) not in everything, "a path of this machine"


def test_layers_that_do_not_divide_into_groups_fall_back_and_are_recorded(int4: Path) -> None:
    record = read_manifest(int4).model.components["transformer"]
    assert record["weights"]["i4 by 64"] > 0, "the caption projection has 64 channels"
    to_q = [precision for name, precision in record["fallback"].items() if "attn1.to_q" in name]
    assert to_q == ["i4 by 32"] * 2, "96 channels divide into groups of 32"


def test_a_second_run_does_nothing_and_says_so(checkpoint: Path, int4: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in int4.rglob("*")}
    records: list[Progress] = []
    assert precompile(checkpoint, int4, "int4", on_progress=records.append) == int4
    assert len(records) == 1
    assert "nothing to do" in records[0].text
    assert {path: path.stat().st_mtime_ns for path in int4.rglob("*")} == before


def test_an_output_of_other_inputs_is_refused_and_left_as_it_is(checkpoint: Path, int4: Path, tmp_path: Path) -> None:
    with pytest.raises(SanaError, match="made from another checkpoint, LoRA, compression or tool version"):
        precompile(checkpoint, int4, "int8")
    changed = shutil.copytree(checkpoint, tmp_path / "changed")
    sana = json.loads((changed / "sana.json").read_text())
    (changed / "sana.json").write_text(json.dumps({**sana, "max_sequence_length": 100}))
    with pytest.raises(SanaError, match="made from another checkpoint"):
        precompile(changed, int4, "int4")
    verify(int4, read_manifest(int4))


def test_a_damaged_output_is_refused(checkpoint: Path, int4: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(int4, tmp_path / "damaged")
    (damaged / "transformer" / "config.json").write_text("{}")
    with pytest.raises(SanaError, match=r"config\.json has 2 bytes .* Remove .*damaged first"):
        precompile(checkpoint, damaged, "int4")


@pytest.mark.parametrize("place", ["output", "output.partial"])
def test_a_folder_of_somebody_else_is_refused_and_left_as_it_is(checkpoint: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir()
    (tmp_path / place / "thesis.txt").write_text("x")
    with pytest.raises(SanaError, match=r"precompile\.py did not write it"):
        precompile(checkpoint, tmp_path / "output", "fp16")
    assert [path.name for path in tmp_path.rglob("*")] == [place, "thesis.txt"]


def test_what_was_begun_with_other_inputs_is_begun_again(tmp_path: Path) -> None:
    first = PartialFolder(tmp_path / "output", Inputs("a", "fp16", {}))
    first.finish("text_encoder", {"parity_db": 1.0})
    (first.folder / "text_encoder").mkdir()
    assert set(PartialFolder(tmp_path / "output", Inputs("a", "fp16", {})).components) == {"text_encoder"}
    other = PartialFolder(tmp_path / "output", Inputs("b", "fp16", {}))
    assert other.components == {}
    assert list(other.folder.iterdir()) == []


@pytest.mark.parametrize("compression", ["int4", *(pytest.param(each, marks=pytest.mark.long) for each in LONG)])
def test_compressed_folders_load_and_draw_nearly_the_same(
    checkpoint: Path, int4: Path, tmp_path: Path, compression: str
) -> None:
    folder = int4
    if compression in LONG:  # int4 has the decoder of int8
        folder = precompile(checkpoint, tmp_path / compression, compression, on_progress=lambda progress: None)
    manifest = read_manifest(folder)
    assert [picture["prompt"] for picture in manifest.model.pictures] == list(PROMPTS)
    for picture in manifest.model.pictures:
        assert picture["psnr_db"] > 20
        assert 0.5 < picture["ssim"] < 1
    pipe = SanaPipeline.from_pretrained(folder)
    red, blue = (pipe(prompt, num_inference_steps=1, output_type="np").images for prompt in ("red", "blue"))
    assert red.shape == (1, 256, 256, 3)
    assert red.std() > 0.02
    assert not np.array_equal(red, blue)


def test_a_component_below_its_floor_is_refused_by_name(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    components = dict.fromkeys(RECIPES["fp16"].components, dataclasses.replace(FP16, floor=150))
    monkeypatch.setitem(RECIPES, "fp16", dataclasses.replace(RECIPES["fp16"], components=components))
    with pytest.raises(SanaError, match=r"text_encoder is too far .* fp16 compression: \d+\.\d dB, at least 150 dB"):
        precompile(checkpoint, tmp_path / "output", on_progress=lambda progress: None)
    assert not (tmp_path / "output").exists()


def test_without_sana_json_a_checkpoint_gets_diffusers_defaults(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "plain")
    (copy / "sana.json").unlink()
    plain = read_checkpoint(copy)
    assert len(plain.instruction) == 8
    assert plain.instruction[-1] == "User Prompt: "
    assert plain.max_sequence_length == 300
    assert plain.model.defaults == {"width": 256, "height": 256, "num_inference_steps": 20, "guidance_scale": 4.5}
    assert (plain.model.min_size, plain.model.max_size) == (128, 512)
    assert plain.model.revision != read_checkpoint(checkpoint).model.revision


def test_manifest_is_all_that_tells_a_complete_folder(int4: Path) -> None:
    assert (int4 / MANIFEST).is_file()
    assert not list(int4.rglob("progress*"))
