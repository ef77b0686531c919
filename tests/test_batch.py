"""Many prompts from a file, on a random tiny checkpoint: resumed, killed, with bad lines, and as a grid."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app import build_service
from pipeline import SanaPipeline
from pipeline.batch import __main__ as batch
from pipeline.batch.grid import parse_grid
from pipeline.batch.prompt_lines import read_lines
from pipeline.domain.axes import cells
from pipeline.domain.errors import SanaError
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import AnyUpdate, StillAtWork, Update
from pipeline.generation.given_picture import GivenPicture
from pipeline.generation.metadata import read_settings
from pipeline.jobs.model_sources import LoadedSource
from pipeline.jobs.models import Models
from tests.waiting import wait_for

Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def run(pipe: SanaPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a batch of a file's text, and returns the exit status and the results."""
    service = build_service(Models([LoadedSource(pipe)]))
    service.models.start(print)
    monkeypatch.setattr(batch, "loaded", lambda options: nullcontext(service))

    def run(text: str | bytes, *arguments: str, name: str = "prompts.txt") -> tuple[int, list[dict[str, Any]]]:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        status = batch.main([str(tmp_path / name), "--output", str(tmp_path / "out"), *arguments])
        results = (tmp_path / "out" / "results.jsonl").read_text()
        return status, [json.loads(line) for line in results.splitlines()]

    return run


def json_lines(*values: object) -> str:
    return "\n".join(json.dumps(value) for value in values)


def test_each_line_is_a_picture_and_equal_lines_are_two(run: Run, tmp_path: Path, pipe: SanaPipeline) -> None:
    status, results = run("a house\n\na moon\na house\n")
    assert status == 0
    assert [each["prompt"] for each in results] == ["a house", "a moon", "a house"]
    assert [list(each) for each in results] == 3 * [["prompt", "seed", "file", "seconds", "error"]]
    assert len({each["file"] for each in results}) == len({each["seed"] for each in results}) == 3
    for each in results:
        path = tmp_path / "out" / each["file"]
        assert read_settings(path).seed == each["seed"]
    own = pipe("a house", seed=results[0]["seed"]).images[0]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / results[0]["file"])), np.asarray(own))


def test_a_cluster_draws_several_at_once_in_the_same_order_and_bytes(run: Run, tmp_path: Path) -> None:
    text = "a house\na moon\na boat\na house\n"
    _, alone = run(text)
    files = {each["file"]: (tmp_path / "out" / each["file"]).read_bytes() for each in alone}
    for name in files:
        (tmp_path / "out" / name).unlink()
    status, results = run(text, "--cluster", "auto", "--replicas", "3")
    assert status == 0
    assert [each["file"] for each in results] == [each["file"] for each in alone]
    assert {name: (tmp_path / "out" / name).read_bytes() for name in files} == files


def test_ctrl_c_ends_what_a_cluster_draws(run: Run, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, closed = threading.Event(), threading.Event()

    def generate(settings: GenerationSettings, given: GivenPicture | None = None) -> Generator[AnyUpdate, None, None]:
        if settings.prompt == "a house":
            assert begun.wait(30)
            raise KeyboardInterrupt
        try:
            while True:
                begun.set()
                yield StillAtWork()
        finally:
            closed.set()

    monkeypatch.setattr(pipe, "generate", generate)
    status, results = run("a house\na moon\n", "--cluster", "auto", "--replicas", "2")
    assert (status, results, closed.is_set()) == (1, [], True)


def test_what_is_there_is_not_drawn_again(
    run: Run, tmp_path: Path, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"num_inference_steps": 1, "seed": 3}
    lines = [{"prompt": "a house", **values}, {"prompt": "a moon", **values}, {"prompt": "a boat", **values}]
    _, before = run(json_lines(*lines), name="a.jsonl")
    damaged = tmp_path / "out" / before[1]["file"]
    damaged.write_bytes(damaged.read_bytes()[:-20])
    drawn: list[str] = []
    original = pipe.generate
    monkeypatch.setattr(
        pipe, "generate", lambda settings, given=None: drawn.append(settings.prompt) or original(settings)
    )
    status, after = run(json_lines({**lines[0], "seed": 4}, *lines), name="a.jsonl")
    assert status == 0
    assert drawn == ["a house", "a moon"]  # the new one, and the damaged one
    assert [each["file"] for each in after[1:]] == [each["file"] for each in before]
    assert after[1]["seconds"] == before[0]["seconds"]


def test_columns_of_every_kind(run: Run, tmp_path: Path, pipe: SanaPipeline) -> None:
    Image.effect_noise((128, 128), 90).save(tmp_path / "noise.png")
    columns = "prompt,seed,num_inference_steps,image,strength,variation_seed,variation_strength"
    text = f'{columns}\na house,3,2,noise.png,0.5,9,0.25\n"a moon, red",,1,,,,\n'
    status, results = run(text, name="a.csv")
    assert status == 0
    settings: dict[str, Any] = {"seed": 3, "num_inference_steps": 2, "variation_seed": 9, "variation_strength": 0.25}
    own = pipe("a house", image=Image.open(tmp_path / "noise.png"), strength=0.5, **settings)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / results[0]["file"])), np.asarray(own.images[0]))
    assert results[1]["prompt"] == "a moon, red"


def test_lines_that_cannot_be_drawn_are_told_and_run_again(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    good = {"prompt": "a house", "num_inference_steps": 1}
    bad = [
        {**good, "num_images": 2},
        {**good, "width": 100},
        {**good, "colour": "red"},
        {"seed": 1},
        {**good, "seed": "x"},
    ]
    text = (
        json_lines(good, *bad)
        + '\n{"prompt"\n{"prompt": "a", "prompt": "b"}\n'
        + json_lines({**good, "randomize_seed": True}, good)
    )
    for _ in range(2):
        status, results = run(text, name="a.jsonl")
        assert status == 1
        assert [each["error"] is None for each in results] == [True, *8 * [False], True]
        told = capsys.readouterr().err
        assert "line 2: A line is one picture" in told
        assert "line 7: This is no JSON object" in told
        assert "line 8: The 'prompt' is given twice" in told
    status, results = run(b"a house \xff\n", name="a.txt")
    assert (status, "not valid Unicode" in results[0]["error"]) == (1, True)


def test_a_grid_is_a_line_for_each_cell_and_a_sheet(run: Run, tmp_path: Path) -> None:
    status, results = run("a house\na moon\n", "--grid", "num_inference_steps=1,2 seed=1..2")
    assert (status, len(results)) == (0, 8)
    assert [each["seed"] for each in results] == 4 * [1, 2]
    assert Image.open(tmp_path / "out" / "sheet.png").width > 2 * 256
    _, results = run("a house\na moon\n", "--grid", "num_inference_steps=1,2")
    assert results[0]["seed"] == results[1]["seed"] != results[2]["seed"]


def test_cells() -> None:
    axes = parse_grid("guidance_scale=1.5,3 seed=1..2,9")
    assert len(cells(axes)) == 6
    assert cells(axes)[1] == {"guidance_scale": 1.5, "seed": 2}
    for wrong in (
        "",
        "seed",
        "seed=",
        "colour=1",
        "num_images=2",
        "seed=1 seed=2",
        "prompt=a",
        "seed=1..2000",
        "seed=1..9999999999 width=",
    ):
        with pytest.raises(SanaError, match="--grid"):
            parse_grid(wrong)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "\n \n"),
        ("a.json", "[]"),
        ("a.csv", "text\na house"),
        ("b.csv", "prompt,prompt\na house,a moon"),
        ("missing.txt", None),
    ],
)
def test_files_that_hold_no_prompts_end_with_status_2(
    tmp_path: Path, name: str, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    assert batch.main([str(tmp_path / name), "--output", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_seeds_do_not_depend_on_the_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a house\na house\n")
    (tmp_path / "b.jsonl").write_text(
        json_lines({"prompt": "a house", "seed": None}, {"prompt": "a house", "seed": -1})
    )
    first, second = (read_lines(tmp_path / name) for name in ("a.txt", "b.jsonl"))
    assert [line.seed for line in first] == [line.seed for line in second]


@pytest.mark.long
def test_a_killed_run_goes_on(run: Run, model: Path, tmp_path: Path) -> None:
    text = "".join(f"house {number}\n" for number in range(12))
    (tmp_path / "prompts.txt").write_text(text)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "pipeline.batch", str(tmp_path / "prompts.txt"), "--output", str(out)]
    with subprocess.Popen([*command, "--model", str(model)], stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: list(out.glob("*.png")))
        process.kill()
    drawn = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    assert 1 <= len(drawn) < 12
    status, results = run(text)
    assert status == 0
    assert len(list(out.iterdir())) == 12 + 1
    assert all(path.stat().st_mtime_ns == time for path, time in drawn.items())
    assert [each["prompt"] for each in results] == text.splitlines()


def test_ctrl_c_leaves_whole_files(
    run: Run, tmp_path: Path, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = pipe.generate

    def generate(settings: GenerationSettings, given: GivenPicture | None = None) -> Generator[Update, None, None]:
        for update in original(settings):
            if settings.prompt == "a moon":
                raise KeyboardInterrupt
            yield update

    monkeypatch.setattr(pipe, "generate", generate)
    status, results = run("a house\na moon\na boat\n")
    assert (status, len(results)) == (1, 1)
    read_settings(tmp_path / "out" / results[0]["file"])
