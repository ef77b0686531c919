"""Compiled models that are kept between starts: used where sound, made again where anything is not."""

import os
import shutil

import numpy as np
import pytest

from pipeline.model_folder.parity import Sample
from pipeline.runtime import compile_cache
from pipeline.runtime.compile_cache import CompileCache
from pipeline.runtime.device import Device


@pytest.fixture
def ir(model, tmp_path):
    """The path of a tiny transformer's IR, of this test's own."""
    return shutil.copytree(model / "transformer", tmp_path / "transformer") / "openvino_model.xml"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def load(cache, ir, precision="f32"):
    """A new process's compilation, and whether it came from the cache."""
    model = Device("CPU", CompileCache(cache)).compile(ir, precision)
    return model, model.get_property("LOADED_FROM_CACHE")


def answer(model, ir):
    return model(Sample.load(ir.parent).inputs)[0]


def test_a_second_start_gets_the_compiled_model_and_the_same_answer(cache, ir):
    first, from_cache = load(cache, ir)
    assert not from_cache
    second, from_cache = load(cache, ir)
    assert from_cache
    np.testing.assert_array_equal(answer(first, ir), answer(second, ir))
    weights = ir.with_suffix(".bin").stat().st_size
    assert 0 < sum(path.stat().st_size for path in cache.rglob("*.blob")) < weights  # which stay in the IR
    assert not load(cache, ir, "bf16")[1]


def test_each_shape_has_an_entry_of_its_own(cache, ir):
    """Blobs that refer to the weights in the IR, too."""
    inputs = Sample.load(ir.parent).inputs
    shapes = {name: value.shape for name, value in inputs.items()}
    taller = {**shapes, "hidden_states": (*shapes["hidden_states"][:2], 8, *shapes["hidden_states"][3:])}

    def load_for(shapes):
        model = Device("CPU", CompileCache(cache)).compile(ir, "f32", shapes)
        return model, model.get_property("LOADED_FROM_CACHE")

    first, from_cache = load_for(shapes)
    assert not from_cache
    assert not load_for(taller)[1]
    assert not load(cache, ir)[1]
    again, from_cache = load_for(shapes)
    assert from_cache
    assert [tuple(port.shape) for port in again.inputs] == [shapes[port.get_any_name()] for port in again.inputs]
    np.testing.assert_array_equal(answer(first, ir), answer(again, ir))
    weights = ir.with_suffix(".bin").stat().st_size
    assert all(0 < path.stat().st_size < weights for path in cache.rglob("*.blob"))


def flip(path):
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
def test_what_is_damaged_is_made_again(cache, ir, damage):
    expected = answer(load(cache, ir)[0], ir)
    (blob,), (seal,) = cache.rglob("*.blob"), cache.rglob("seal.json")
    damage(blob, seal)
    model, from_cache = load(cache, ir)
    assert not from_cache
    np.testing.assert_array_equal(answer(model, ir), expected)
    assert load(cache, ir)[1]


def test_another_ir_or_openvino_is_compiled_again(cache, ir, monkeypatch):
    load(cache, ir)
    os.utime(ir.with_suffix(".bin"))
    assert not load(cache, ir)[1]
    assert load(cache, ir)[1]
    monkeypatch.setattr(compile_cache.ov, "get_version", lambda: "another")
    assert not load(cache, ir)[1]
    assert len(list(cache.iterdir())) == 1  # nothing that is out of date stays


def test_a_model_that_ends_the_process_is_not_loaded_from_the_cache_twice(cache, ir, monkeypatch):
    load(cache, ir)

    def crash(*_):
        raise KeyboardInterrupt

    device = Device("CPU", CompileCache(cache))
    monkeypatch.setattr(type(device.core), "compile_model", crash)
    with pytest.raises(KeyboardInterrupt):
        device.compile(ir)
    monkeypatch.undo()
    assert not load(cache, ir)[1]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, ir):
    (tmp_path / "file").write_text("")
    assert not load(tmp_path / "file" / "cache", ir)[1]
