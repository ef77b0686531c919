"""Compiled models that are kept between starts: used where sound, made again where anything is not."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache as cache_once
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from pipeline.model_folder.parity import Sample
from pipeline.runtime import compile_cache
from pipeline.runtime.compile_cache import CompileCache
from pipeline.runtime.device import Device
from pipeline.runtime.file_lock import try_lock


@pytest.fixture
def ir(tmp_path: Path) -> Path:
    """The path of an IR of one layer, beside a sample, of this test's own."""
    value = opset13.parameter([-1, 64], np.float32, "value")
    weights = opset13.constant(np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32))
    layer = ov.Model([opset13.result(opset13.matmul(value, weights, False, True))], [value])
    layer.inputs[0].get_tensor().set_names({"value"})
    path = tmp_path / "layer" / "openvino_model.xml"
    ov.save_model(layer, path)
    Sample({"value": np.ones((1, 64), np.float32)}, np.zeros(1, np.float32)).save(path.parent)
    return path


@pytest.fixture
def transformer(model: Path, tmp_path: Path) -> Path:
    """The path of a tiny transformer's IR, of this test's own."""
    return shutil.copytree(model / "transformer", tmp_path / "transformer") / "openvino_model.xml"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def load(cache: Path, ir: Path, precision: str = "f32") -> tuple[ov.CompiledModel, bool]:
    """A new process's compilation, and whether it came from the cache."""
    model = Device("CPU", CompileCache(cache)).compile(ir, precision)
    return model, model.get_property("LOADED_FROM_CACHE")


def answer(model: ov.CompiledModel, ir: Path) -> np.ndarray:
    return model(Sample.load(ir.parent).inputs)[0]


def test_a_second_start_gets_the_compiled_model_and_the_same_answer(cache: Path, transformer: Path) -> None:
    first, from_cache = load(cache, transformer)
    assert not from_cache
    second, from_cache = load(cache, transformer)
    assert from_cache
    np.testing.assert_array_equal(answer(first, transformer), answer(second, transformer))
    weights = transformer.with_suffix(".bin").stat().st_size
    assert 0 < sum(path.stat().st_size for path in cache.rglob("*.blob")) < weights  # which stay in the IR
    assert not load(cache, transformer, "bf16")[1]


def test_each_shape_has_an_entry_of_its_own(cache: Path, transformer: Path) -> None:
    """Blobs that refer to the weights in the IR, too."""
    inputs = Sample.load(transformer.parent).inputs
    shapes = {name: value.shape for name, value in inputs.items()}
    taller = {**shapes, "hidden_states": (*shapes["hidden_states"][:2], 8, *shapes["hidden_states"][3:])}

    def load_for(shapes: dict[str, tuple[int, ...]]) -> tuple[ov.CompiledModel, bool]:
        model = Device("CPU", CompileCache(cache)).compile(transformer, "f32", shapes)
        return model, model.get_property("LOADED_FROM_CACHE")

    first, from_cache = load_for(shapes)
    assert not from_cache
    assert not load_for(taller)[1]
    assert not load(cache, transformer)[1]
    again, from_cache = load_for(shapes)
    assert from_cache
    assert [tuple(port.shape) for port in again.inputs] == [shapes[port.get_any_name()] for port in again.inputs]
    np.testing.assert_array_equal(answer(first, transformer), answer(again, transformer))
    weights = transformer.with_suffix(".bin").stat().st_size
    assert all(0 < path.stat().st_size < weights for path in cache.rglob("*.blob"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda blob, seal: flip(blob),  # OpenVINO itself loads that
        lambda blob, seal: os.truncate(blob, 100),
        lambda blob, seal: blob.unlink(),
        lambda blob, seal: seal.write_text("{"),
        lambda blob, seal: seal.unlink(),
    ],
)
def test_what_is_damaged_is_made_again(cache: Path, ir: Path, damage: Callable[[Path, Path], object]) -> None:
    expected = answer(load(cache, ir)[0], ir)
    (blob,), (seal,) = cache.rglob("*.blob"), cache.rglob("seal.json")
    damage(blob, seal)
    model, from_cache = load(cache, ir)
    assert not from_cache
    np.testing.assert_array_equal(answer(model, ir), expected)
    assert load(cache, ir)[1]


def test_another_ir_or_openvino_is_compiled_again(cache: Path, ir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(cache, ir)
    os.utime(ir.with_suffix(".bin"))
    assert not load(cache, ir)[1]
    assert load(cache, ir)[1]
    monkeypatch.setattr(compile_cache.ov, "get_version", lambda: "another")
    assert not load(cache, ir)[1]
    assert len(list(cache.iterdir())) == 1  # nothing that is out of date stays


def test_a_model_that_ends_the_process_is_not_loaded_from_the_cache_twice(
    cache: Path, ir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(cache, ir)

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    device = Device("CPU", CompileCache(cache))
    monkeypatch.setattr(type(device.core), "compile_model", crash)
    with pytest.raises(KeyboardInterrupt):
        device.compile(ir)
    monkeypatch.undo()
    assert not load(cache, ir)[1]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, ir: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not load(tmp_path / "file" / "cache", ir)[1]


def test_a_broken_entry_is_made_again_whatever_lies_there(cache: Path, ir: Path) -> None:
    load(cache, ir)
    (entry,) = cache.iterdir()
    shutil.rmtree(entry)
    entry.write_text("no folder")
    assert not load(cache, ir)[1]
    (blob,), (seal,) = cache.rglob("*.blob"), cache.rglob("seal.json")
    seal.write_text("[" * 100_000)
    assert not load(cache, ir)[1]
    for path in (blob, seal):
        path.unlink(missing_ok=True)
        path.mkdir()
    assert not load(cache, ir)[1]
    assert load(cache, ir)[1]


def test_an_entry_that_another_process_writes_is_left_to_it(cache: Path, ir: Path) -> None:
    load(cache, ir)
    (entry,) = cache.iterdir()
    before = {path: path.stat().st_mtime_ns for path in entry.iterdir()}
    lock = try_lock(entry / "lock")
    assert not load(cache, ir)[1]
    assert {path: path.stat().st_mtime_ns for path in entry.iterdir()} == before
    lock.release()
    assert load(cache, ir)[1]


def test_the_entries_that_were_used_last_are_kept(cache: Path, ir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_cache, "MAX_ENTRIES", 2)
    for precision in ("f32", "bf16"):
        load(cache, ir, precision)
    assert load(cache, ir)[1]
    (cache / "somebody's.txt").touch()
    shutil.copytree(ir.parent, ir.parent.with_name("copy"))
    load(cache, ir.parent.with_name("copy") / ir.name)
    assert len(list(cache.iterdir())) == 3
    assert load(cache, ir)[1]
    monkeypatch.setattr(compile_cache, "MAX_BYTES", 1.0)
    assert not load(cache, ir, "bf16")[1]
    assert len(list(cache.iterdir())) == 2  # one of them is always kept
    assert load(cache, ir, "bf16")[1]


def test_all_devices_share_one_core_that_lives_as_long_as_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.runtime import device

    made = []
    monkeypatch.setattr(device.ov, "Core", lambda: made.append(0) or SimpleNamespace(available_devices=["CPU"]))
    monkeypatch.setattr(device, "_make_core", cache_once(device._make_core.__wrapped__))
    with ThreadPoolExecutor(8) as pool:
        cores = {id(each.core) for each in pool.map(lambda _: Device(), range(32))}
    assert len(cores) == len(made) == 1
