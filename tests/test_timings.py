import json
import math
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.settings import GenerationSettings
from pipeline.jobs.timings import Timings
from pipeline.page.words import English


def settings(**values: Any) -> dict[str, Any]:
    return GenerationSettings("a house", **{"width": 256, "height": 256, "num_inference_steps": 10, **values}).values()


TIMES = {"text_encoder": 1.0, "transformer": 20.0, "vae_decoder": 3.0}


def test_nothing_is_said_of_what_never_ran(tmp_path: Path) -> None:
    timings = Timings(tmp_path)
    assert timings.estimate("model", settings()) is None
    timings.learn("model", settings(), TIMES)
    assert timings.estimate("another", settings()) is None
    assert timings.estimate("model", settings(guidance_scale=1.0)) is None  # half of the work in a step


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ({}, 24.0),
        ({"num_inference_steps": 20}, 44.0),
        ({"num_images_per_prompt": 2}, 47.0),
        ({"width": 512}, 47.0),  # twice the pixels
    ],
)
def test_an_estimate_is_made_of_what_ran(tmp_path: Path, values: dict[str, Any], seconds: float) -> None:
    Timings(tmp_path).learn("model", settings(), TIMES)
    assert Timings(tmp_path).estimate("model", settings(**values)) == pytest.approx(seconds)
    assert Timings(tmp_path).known().decoding("model", settings(width=512)) == pytest.approx(6.0)
    assert Timings(tmp_path).known().picture("model", settings(num_images_per_prompt=2)) == pytest.approx(23.0)


def test_the_time_outside_of_models_counts_for_each_picture(tmp_path: Path) -> None:
    Timings(tmp_path).learn("model", settings(num_images_per_prompt=2), {**TIMES, "rest": 4.0})
    assert Timings(tmp_path).estimate("model", settings()) == pytest.approx(1.0 + 10.0 + 1.5 + 2.0)
    assert Timings(tmp_path).known().picture("model", settings()) == pytest.approx(13.5)


def test_a_remembered_prompt_does_not_make_the_next_one_look_free(tmp_path: Path) -> None:
    timings = Timings(tmp_path)
    timings.learn("model", settings(), TIMES)
    timings.learn("model", settings(), {**TIMES, "text_encoder": 0.0})
    assert timings.estimate("model", settings()) == pytest.approx(24.0)


ENTRY = {"guided step": 0.5, "decode": 2.0, "text": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        "\udcff",
        '{"model": 1}',
        '{"model": {"0x0": {}, "axb": {}, "256x256": {"text": "x"}}}',
        *(json.dumps({"model": {"256x256": {**ENTRY, "text": bad}}}) for bad in (math.nan, math.inf, -1, 10**400, "1")),
        json.dumps({"model": {"9" * 5000 + "x1": ENTRY, f"1x{'9' * 300}": ENTRY}}),
    ],
)
def test_a_file_that_makes_no_sense_counts_as_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "timings.json").write_text(text, errors="surrogateescape")
    timings = Timings(tmp_path)
    assert timings.estimate("model", settings()) is None
    timings.learn("model", settings(), TIMES)
    assert timings.estimate("model", settings()) == pytest.approx(24.0)


def test_what_is_no_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "timings.json" / "folder").mkdir(parents=True)
    Timings(tmp_path).learn("model", settings(), TIMES)
    assert Timings(tmp_path).estimate("model", settings()) == pytest.approx(24.0)


def test_what_makes_sense_beside_nonsense_is_kept(tmp_path: Path) -> None:
    (tmp_path / "timings.json").write_text(json.dumps({"other": 1, "model": {"256x256": ENTRY, "64x64": None}}))
    assert Timings(tmp_path).estimate("model", settings()) == pytest.approx(8.0)


def test_a_write_that_fails_leaves_what_was_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timings = Timings(tmp_path)
    timings.learn("model", settings(), TIMES)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    timings.learn("model", settings(), {**TIMES, "transformer": 100.0})
    assert timings.estimate("model", settings()) == pytest.approx(24.0)
    assert [path.name for path in tmp_path.iterdir()] == ["timings.json"]


def test_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.jobs.timings.MAX_ENTRIES", 2)
    timings = Timings(tmp_path)
    for model in ("a", "b", "a", "c"):
        for width in (256, 512, 256, 768):
            timings.learn(model, settings(width=width), TIMES)
    known = json.loads((tmp_path / "timings.json").read_text())
    assert {model: list(sizes) for model, sizes in known.items()} == {key: ["256x256", "768x256"] for key in "ac"}


def test_a_folder_that_cannot_be_written_loses_nothing_but_the_estimate(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    Timings(tmp_path / "file").learn("model", settings(), TIMES)
    assert Timings(tmp_path / "file").estimate("model", settings()) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "about a second"), (7.3, "about 7 s"), (52, "about 50 s"), (200, "about 3 min"), (7200, "about 2.0 h")],
)
def test_times_are_said_without_false_precision(seconds: float, words: str) -> None:
    assert English().duration(seconds) == words


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """The keys are those that d271413 wrote."""
    entry = {"guided step": 0.5, "decode": 2.0, "text": 1.0}
    (tmp_path / "timings.json").write_text(json.dumps({"model": {"256x256": entry}}))
    assert Timings(tmp_path).estimate("model", settings(num_images_per_prompt=2)) == pytest.approx(
        1 + 2 * (10 * 0.5 + 2)
    )
