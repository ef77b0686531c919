"""On how many threads a CPU computes: measured once, on machines whose cores run two threads each."""

import json
from pathlib import Path

import numpy as np
import pytest

import app
from pipeline import SanaPipeline
from pipeline.runtime import folders, thread_tuning
from pipeline.runtime.device import Device
from pipeline.runtime.thread_tuning import fastest_threads
from pipeline.server.flags import parse


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Pretend a CPU of two cores with four threads, four of which are 1.2 times as fast; return what was measured."""
    seconds, asked = {2: 1.2, 4: 1.0}, []

    def measure(threads: int) -> float:
        asked.append(threads)
        return seconds[threads]

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folders._writable.cache_clear()
    monkeypatch.setattr(Device, "threads", property(lambda device: 2 if device.name == "CPU" else None))
    monkeypatch.setattr(thread_tuning, "visible_processors", lambda: 4)
    monkeypatch.setattr(thread_tuning, "cpu_quota", lambda: None)
    monkeypatch.setattr(thread_tuning, "_seconds", measure)
    return asked


def test_all_threads_are_taken_where_they_are_faster_and_measured_once(measured: list[int]) -> None:
    assert [fastest_threads(Device()), fastest_threads(Device())] == [4, 4]
    assert measured == [2, 4]


def test_a_gain_that_may_be_chance_is_none(measured: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_tuning, "_seconds", lambda threads: {2: 1.04, 4: 1.0}[threads])
    assert fastest_threads(Device()) is None


@pytest.mark.parametrize("content", ['{"', "[]", "-1", "0.0", '"fast"', "true", None])
def test_a_damaged_result_is_measured_again(measured: list[int], tmp_path: Path, content: str | None) -> None:
    fastest_threads(Device())
    (path,) = tmp_path.rglob("facts.json")
    if content is None or content == '{"':
        path.write_text(content or "")
    else:
        path.write_text(json.dumps({key: json.loads(content) for key in json.loads(path.read_text())}))
    assert fastest_threads(Device()) == 4
    assert measured == [2, 4, 2, 4]


def test_a_result_of_another_processor_is_measured_again(measured: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    fastest_threads(Device())
    monkeypatch.setattr(thread_tuning, "processor_name", lambda: "another")
    assert fastest_threads(Device()) == 4
    assert measured == [2, 4, 2, 4]


@pytest.mark.parametrize(("name", "value"), [("visible_processors", 2), ("cpu_quota", 4)])
def test_nothing_is_measured_where_there_is_no_choice(
    measured: list[int], monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setattr(thread_tuning, name, lambda: value)
    assert fastest_threads(Device()) is None
    assert not measured


@pytest.mark.parametrize(("arguments", "expected"), [([], [2, 4]), (["--no-tuning"], []), (["--device", "AUTO"], [])])
def test_the_flag_leaves_it_out(measured: list[int], arguments: list[str], expected: list[int]) -> None:
    app.source_maker(parse(arguments))
    assert measured == expected


def test_the_number_of_threads_changes_no_byte(model: Path) -> None:
    one, two = (SanaPipeline.from_pretrained(model, max_threads=threads) for threads in (1, 2))
    assert one.threads == 1
    pictures = [pipe("a house", seed=1, output_type="np").images for pipe in (one, two)]
    assert np.array_equal(*pictures)


def test_a_real_measurement_takes_the_threads_that_it_is_given() -> None:
    assert thread_tuning._seconds(1) > 0
    assert Device(max_threads=1).threads == 1
