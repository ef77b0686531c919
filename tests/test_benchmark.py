"""The benchmark command: its measurements of a tiny checkpoint, its tables, and its refusals."""

import io
import json
import os
import runpy
import statistics
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline import SanaError
from pipeline.export import precompile
from pipeline.runtime.device import Device
from tests.benchmark import __main__ as program
from tests.benchmark import comparison, dc_ae_lite, flop, operations, process, taesana, tuning
from tests.benchmark.report import TITLES, report
from tests.benchmark.stages import Stages
from tests.benchmark.task import Task
from tests.full_size import autoencoder
from tests.tiny_checkpoint import build, draft_decoder

GROWTH = ["--sizes", "160", "--step-counts", "--image-counts"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the results of this project's sides, and the content of results.json."""
    folder = tmp_path_factory.mktemp("benchmark")
    checkpoint = build(folder / "checkpoint", family="sprint")
    _, draft = draft_decoder(folder / "small.pth")
    options = ["--checkpoint", str(checkpoint), "--compressions", "fp16", "--vaes", "--draft", str(draft)]
    options += ["--against", "--size", "128"]

    def precompiled(checkpoint: Path, output: Path, compression: str, vae: Path | None = None) -> Path:
        return precompile(checkpoint, output, compression, [vae] if vae else [], on_progress=str)

    ran: list[str] = []

    def run(module: str, arguments: list[str], folder: Path, python: str = sys.executable) -> dict[str, Any]:
        """Give the first run of a side a process of its own, and spare the others the seconds of its imports."""
        ran.append(module)
        return own_process(module, arguments, folder) if ran.count("side_ours") == 1 else run_here(module, arguments)

    own_process = process.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison.models, "precompiled", precompiled)
        patch.setattr(comparison.process, "run", run)
        results = comparison.compare(program.parse([str(folder / "results"), *options, *GROWTH]))
    return results, json.loads((folder / "results" / "results.json").read_text())


def run_here(module: str, arguments: list[str]) -> dict[str, Any]:
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(sys, "argv", [module, *arguments])
        runpy.run_module(f"tests.benchmark.{module}", run_name="__main__")
    return json.loads(printed.getvalue().splitlines()[-1])


def tables(text: str) -> dict[str, list[dict[str, str]]]:
    """Return the tables of a report by heading; a table is a list of rows, a row a dictionary by column."""
    found = {}
    for part in text.split("### ")[1:]:
        heading, _, table = part.partition("\n\n")
        header, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.strip().splitlines()]
        assert all(len(row) == len(header) for row in rows)
        found[heading] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


@pytest.mark.long
def test_every_stage_of_every_run_is_measured(measured: tuple[dict[str, Any], dict[str, Any]]) -> None:
    results, kept = measured
    assert kept == results
    side, sketch = results["sides"]
    assert (side["name"], sketch["name"]) == ("this project, fp16", "this project, fp16 with small")
    assert 0 < results["flop"]["vae_decoder"]["small.pth"] < results["flop"]["vae_decoder"]["vae"]
    assert len(side["runs"]) == len(sketch["runs"]) == 3
    for run in side["runs"]:
        stages = [run[stage] for stage in ("text_encoder", "transformer", "vae_decoder")]
        assert min(stages) > 0  # a prompt that was encoded before would cost nothing
        assert sum(stages) < run["total"]
    assert side["memory"]["total"] == max(side["memory"].values()) > 100e6
    assert results["tokens"]["attended"] < results["tokens"]["padded attended"] == 300
    assert results["peak"]["f32"] > 1e9
    for stage in ("text_encoder", "transformer"):
        assert 0 < results["flop"][stage]["real"] < results["flop"][stage]["padded"]


@pytest.mark.long
def test_the_tables_tell_what_was_measured(measured: tuple[dict[str, Any], dict[str, Any]]) -> None:
    results, _ = measured
    found = tables(report(results))
    assert list(found) == ["In short", *TITLES.values(), "How cost grows (this project, fp16)"]
    runs = results["sides"][0]["runs"]
    row, _ = found["One transformer step"]
    assert float(row["seconds"]) == pytest.approx(statistics.median(run["transformer"] for run in runs) / 2, rel=0.01)
    row, _ = found["End to end"]
    assert float(row["seconds"]) == pytest.approx(statistics.median(run["total"] for run in runs), rel=0.01)
    assert row["in"] == "f32"
    assert [row["size"] for row in found["How cost grows (this project, fp16)"]] == ["160x160"]


def side(name: str, text: str, seconds: float, **more: Any) -> dict[str, Any]:
    """Return a side that takes `seconds` for the text, 10 times as long for two steps and 100 times for decoding."""
    run = {"text_encoder": seconds, "transformer": 10 * seconds, "vae_decoder": 100 * seconds, "total": 120 * seconds}
    slow = {stage: 5 * value for stage, value in run.items()}
    return {
        "name": name,
        "text": text,
        "vae": "vae",
        "runs": [run, slow, run],
        "memory": dict.fromkeys(run, 3 * 10**9),
        "precisions": dict.fromkeys(("text_encoder", "transformer", "vae_decoder"), "f32"),
        **more,
    }


def test_ratios_and_the_part_of_the_peak() -> None:
    results = {
        "machine": {
            "cpu": "any", "extensions": [], "cores": 2, "memory": 0, "python": "3", "tools": {}, "optimum-intel": [],
        },
        "size": 1024, "steps": 2, "runs": 3, "growth": [], "grown": "", "peak": {"f32": 100e9, "bf16": 200e9},
        "tokens": dict.fromkeys(("computed", "cached", "attended", "padded", "padded attended"), 1),
        "flop": {
            "text_encoder": {"real": 50 * 10**9, "padded": 100 * 10**9},
            "transformer": {"real": 250 * 10**9, "padded": 300 * 10**9},
            "vae_decoder": {"vae": 4000 * 10**9},
        },
        "sides": [
            side("ours", "real", 1.0, psnr_db=60.0),
            side("ours in bf16", "real", 1.0, precisions={
                "text_encoder": "f32", "transformer": "f32", "vae_decoder": "bf16",
            }),
            side("theirs", "padded", 2.5),
            {"name": "larger", "text": "padded", "vae": "vae", "refused": "killed: out of memory"},
        ],
    }  # fmt: skip
    found = tables(report(results))
    ours, fast, theirs, killed = found["In short"]
    assert [ours[column] for column in ("in", "Decoder", "End to end", "x theirs", "picture")] == [
        "f32", "100 s", "120 s", "2.5", "60.0 dB",
    ]  # fmt: skip
    assert (fast["in"], theirs["x theirs"], killed["in"]) == ("bf16, f32", "1.0", "killed: out of memory")
    ours, fast, theirs, killed = found["One transformer step"]
    assert (ours["seconds"], theirs["seconds"], killed["in"]) == ("5", "12.5", "killed: out of memory")
    assert (ours["x theirs"], theirs["x theirs"]) == ("2.50", "1.00")
    assert (ours["TFLOP"], ours["GFLOP/s"], ours["of the peak"]) == ("0.25", "50", "50%")
    assert (theirs["TFLOP"], theirs["of the peak"]) == ("0.3", "24%")
    ours, fast, theirs, _ = found["End to end"]
    assert (ours["seconds"], ours["memory"], ours["picture"], theirs["picture"]) == ("120", "3.0 GB", "60.0 dB", "")
    assert (ours["TFLOP"], ours["of the peak"]) == ("4.55", "38%")  # 50 + 2 x 250 + 4000
    assert (fast["in"], fast["of the peak"]) == ("bf16, f32", "21%")  # the decoder at twice the peak: 25.5 s of 120


def test_known_work_of_full_size_decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 1024x1024, of the DC-AE, DC-AE-Lite and TAESANA."""
    saved = lambda model, folder, *_: model.save_config(folder)  # noqa: E731
    monkeypatch.setattr(dc_ae_lite, "write", saved)
    dc_ae_lite.build(tmp_path / "lite")
    taesana.build(tmp_path / "taesana.safetensors")
    with torch.device("meta"):
        autoencoder().save_config(tmp_path / "vae")
        assert flop.of_decoder(tmp_path / "vae", 32, 32) == pytest.approx(8.37e12, rel=1e-3)
        assert flop.of_decoder(tmp_path / "lite", 32, 32) == pytest.approx(7.51e12, rel=1e-3)
        assert flop.of_decoder(tmp_path / "taesana.safetensors", 32, 32) == pytest.approx(0.59e12, rel=1e-2)


def test_memory_is_that_of_the_stage_it_was_taken_in() -> None:
    stages = Stages()
    with stages.stage("vae_decoder"):
        np.ones(50_000_000)
    with stages.stage("transformer"):
        pass
    task = Task(model="", instruction=(), size=1, steps=1, images=1, runs=1, warm_up_size=1)
    memory = stages.measure(lambda *_: [], task)
    assert memory["memory"]["vae_decoder"] - memory["memory"]["transformer"] > 300e6
    assert memory["memory"]["total"] >= memory["memory"]["vae_decoder"]


@pytest.fixture
def interpreter(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that writes a shell script to stand for Python."""

    def write(commands: str) -> str:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{commands}\n")
        os.chmod(path, 0o700)
        return str(path)

    return write


def test_a_side_that_the_system_kills_is_a_row_and_no_end(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    assert process.run("side", [], tmp_path, interpreter("kill -9 $$")) == {"refused": "killed: out of memory"}


def test_a_side_that_fails_is_named_with_its_messages(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(SanaError, match=r"status 3.*side\.log"):
        process.run("side", [], tmp_path, interpreter("echo why >&2; exit 3"))
    assert (tmp_path / "side.log").read_text() == "why\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "100"], "multiple of 32"),
        (["--checkpoint", "nowhere"], "nowhere"),
        (["--checkpoint", "FLOW"], "not of the Sprint family"),
    ],
)
def test_what_it_cannot_measure_is_one_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "SanaPipeline"}')
    options = [option.replace("FLOW", str(tmp_path)) for option in options]
    assert program.main([str(tmp_path / "results"), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1


def test_two_runs_have_no_median(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as status:
        program.main([str(tmp_path), "--runs", "2"])
    assert status.value.code == 2
    assert "at least 3 runs" in capsys.readouterr().err


def test_convolutions_are_measured_without_a_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tuning, "MAPS", [(8, 16, 12)])
    monkeypatch.setattr(tuning, "RUNS", 1)
    assert program.main(["--tuning"]) == 0
    *_, row = capsys.readouterr().out.strip().splitlines()
    precision, channels, size, *times = [cell.strip() for cell in row.split("|")[1:-1]]
    assert (precision, channels, size) == (Device().fast_precision, "8", "16x12")
    assert sum(time.endswith(" ms") for time in times) == 3


def test_models_need_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as status:
        program.main([])
    assert status.value.code == 2
    assert "give a FOLDER" in capsys.readouterr().err


def test_operations_of_transformer_and_decoder_are_told_apart(model: Path) -> None:
    counted = operations.measure(model, 128)
    shown = operations.report(counted)
    assert list(counted) == ["transformer", "decoder"]
    assert any(kind.startswith("Convolution") for kind in counted["decoder"])
    assert any(kind.startswith("FullyConnected") for kind in counted["transformer"])
    assert shown.count("| others |") == 2
