"""precompile.py as a program: one line on stderr and an exit status, never a traceback."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import pipeline.export
import precompile as program
from pipeline.domain.catalogue import CATALOGUE
from pipeline.domain.errors import ArtifactError
from pipeline.domain.progress import OnProgress, Progress
from pipeline.export.checkpoint import read_checkpoint
from pipeline.export.compression_recipes import RECIPES
from tests.tiny_checkpoint import autoencoder, build


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("precompile") / "tiny-sana")


@pytest.fixture
def copy(checkpoint: Path, tmp_path: Path) -> Path:
    return shutil.copytree(checkpoint, tmp_path / "copy")


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def fail(capsys: pytest.CaptureFixture[str], tmp_path: Path, model: Path, *options: str) -> str:
    """Run the program, which must print one line on stderr and write nothing; return the line."""
    assert program.main(["--model", str(model), "--output", str(tmp_path / "output"), *options]) == 2
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert len(lines) == 1, lines
    assert not (tmp_path / "output").exists()
    return lines[0]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: remove(folder), "There is no folder"),
        (lambda folder: (remove(folder), folder.write_text("x")), "is a file"),
        (lambda folder: remove(folder / "model_index.json"), "has no model_index.json"),
        (lambda folder: (folder / "model_index.json").write_text("{"), "cannot be read"),
        (lambda folder: edit(folder / "model_index.json", _class_name="FluxPipeline"), "holds a FluxPipeline"),
        (lambda folder: edit(folder / "model_index.json", _class_name="SanaSprintPipeline"), "not of one family"),
        (lambda folder: edit(folder / "model_index.json", vae=["diffusers", "AutoencoderKL"]), "vae of class Autoenc"),
        (lambda folder: edit(folder / "model_index.json", text_encoder=["x", "T5Model"]), "of class T5Model"),
        (lambda folder: edit(folder / "model_index.json", transformer=None), "names no transformer"),
        (lambda folder: edit(folder / "model_index.json", tokenizer=["transformers", "No"]), "unknown tokenizer"),
        (lambda folder: remove(folder / "vae"), "has no folder vae"),
        (lambda folder: remove(folder / "scheduler" / "scheduler_config.json"), "cannot be read"),
        (lambda folder: remove(folder / "transformer" / "config.json"), "cannot be read"),
        (lambda folder: edit(folder / "sana.json", defaults={"width": 250}), "sana.json is not as it should be"),
        (lambda folder: edit(folder / "sana.json", max_sequence_length=None), "sana.json is not as it should be"),
        (lambda folder: edit(folder / "sana.json", max_size="big"), "sana.json is not as it should be"),
        (lambda folder: edit(folder / "sana.json", max_sequence_length=5000), "sliding window of 4096"),
        (lambda folder: (folder / "tokenizer" / "tokenizer.json").write_text("{}"), "tokenizer cannot be loaded"),
        (lambda folder: remove(folder / "text_encoder" / "model.safetensors"), "text_encoder has no weights"),
        (lambda folder: (folder / "text_encoder" / "model.safetensors").write_bytes(b"x"), "is no safetensors file"),
        (lambda folder: cut(folder / "vae" / "diffusion_pytorch_model.safetensors"), "download it again"),
        (lambda folder: edit(folder / "vae" / "config.json", latent_channels=16), "latents of 16 channels"),
        (lambda folder: edit(folder / "vae" / "config.json", decoder_block_out_channels=[8, 16, 32]), "4x4 pixels"),
    ],
)
def test_a_bad_checkpoint_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, copy: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(copy)
    assert message in fail(capsys, tmp_path, copy)


@pytest.mark.parametrize("part", ["text_encoder", "transformer", "vae"])
def test_weights_missing_from_a_file_are_refused(copy: Path, part: str) -> None:
    (path,) = (copy / part).glob("*.safetensors")
    weights = load_file(path)
    lost = sorted(weights)[len(weights) // 2]
    save_file({name: weight for name, weight in weights.items() if name != lost}, path, metadata={"format": "pt"})
    with pytest.raises(ArtifactError, match=f"{part} lacks 1 weights?, the first is .*{lost}"):
        read_checkpoint(copy).load_model(part)


def test_weights_of_a_variant_are_found(copy: Path) -> None:
    (copy / "vae" / "diffusion_pytorch_model.safetensors").rename(
        copy / "vae" / "diffusion_pytorch_model.fp16.safetensors"
    )
    assert read_checkpoint(copy).load_model("vae").config.latent_channels == 32


def test_another_autoencoder_is_used_or_refused_where_it_does_not_fit(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, checkpoint: Path
) -> None:
    other = tmp_path / "other"
    autoencoder(decoder_layers_per_block=(0, 1, 1, 1, 1, 2)).save_pretrained(other)
    assert read_checkpoint(checkpoint, [other]).load_model("vae").config.decoder_layers_per_block[5] == 2
    assert read_checkpoint(checkpoint, [other]).model.revision != read_checkpoint(checkpoint).model.revision
    assert read_checkpoint(checkpoint, [checkpoint]).files.folders["vae"] == checkpoint / "vae", "a whole one's will do"
    edit(other / "config.json", latent_channels=16)
    assert "latents of 16 channels" in fail(capsys, tmp_path, checkpoint, "--vae", str(other))
    edit(other / "config.json", _class_name="AutoencoderKL")
    assert "AutoencoderKL; supported is AutoencoderDC" in fail(capsys, tmp_path, checkpoint, "--vae", str(other))
    assert "no config.json" in fail(capsys, tmp_path, checkpoint, "--vae", str(tmp_path))
    twice = ["--vae", str(checkpoint), "--vae", str(checkpoint / "vae")]
    assert "are both an autoencoder" in fail(capsys, tmp_path, checkpoint, *twice)


@pytest.mark.parametrize("what", ["memory", "disk"])
def test_a_lack_of_resources_is_said_before_the_work_starts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from pipeline.export import resource_check

    if what == "memory":
        monkeypatch.setattr(resource_check, "free_memory", lambda: 10_000_000)
    else:
        monkeypatch.setattr(resource_check.shutil, "disk_usage", lambda place: SimpleNamespace(free=1000))
    assert f"Not enough {what}" in fail(capsys, tmp_path, checkpoint)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.export import convert

    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("Check 'file' failed at src/core/somewhere.cpp:1:\nno traceback of this, please")

    monkeypatch.setattr(convert.ov, "save_model", full)
    assert "is the disk full?" in fail(capsys, tmp_path, checkpoint)


def test_the_list_names_all_published_checkpoints(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(CATALOGUE) == 14
    assert all(line.startswith(f"{variant.repo} ") for variant, line in zip(CATALOGUE, lines[1:], strict=True))


def test_the_output_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([]) == 2
    assert "--output" in capsys.readouterr().err


def test_the_output_must_be_a_place_to_write(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, checkpoint: Path
) -> None:
    (tmp_path / "file").write_text("x")
    assert program.main(["--model", str(checkpoint), "--output", str(tmp_path / "file" / "output")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_missing_miniature_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "CHECKPOINT", tmp_path / "checkpoint")
    assert program.main(["--output", str(tmp_path / "output")]) == 2
    assert "no bundled miniature" in capsys.readouterr().err


def test_ctrl_c_is_one_line_and_status_130(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline.export, "precompile", interrupt)
    assert program.main(["--model", "any", "--output", str(tmp_path / "output")]) == 130
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "goes on from here" in captured.err


def test_progress_is_printed_as_sentences_or_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The beginning of an export is printed as JSON only."""
    told = [
        Progress("export", "exporting tiny-sana as fp16", 0, 3),
        Progress("export", "text_encoder: fp16", 1, 3),
        Progress("parity", "  dB", None, None),
    ]

    def export(
        folder: Path, output: Path, compression: str, vae: Any, name: str | None, on_progress: OnProgress, loras: Any
    ) -> Path:
        for progress in told:
            on_progress(progress)
        return output

    monkeypatch.setattr(pipeline.export, "precompile", export)
    arguments = ["--model", "any", "--output", str(tmp_path / "output")]
    assert program.main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == ["text_encoder: fp16", "  dB"]
    assert program.main([*arguments, "--json-progress"]) == 0
    assert [Progress(**json.loads(line)) for line in capsys.readouterr().out.splitlines()] == told


def test_help_explains_without_loading_the_libraries() -> None:
    statement = (
        "import sys, precompile\n"
        "try: precompile.main(['--help'])\n"
        "finally: assert not {'torch', 'openvino', 'nncf', 'diffusers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)
    for flag in ("--model", "--output", f"--compression {{{','.join(RECIPES)}}}"):
        assert flag in done.stdout
    words = " ".join(done.stdout.split())
    assert all(f"{name}: {recipe.meaning}" in words for name, recipe in RECIPES.items())
