"""The weights of a checkpoint in several files are read where they are mapped, and not copied."""

import re
from pathlib import Path

import pytest
import torch

from pipeline.export.checkpoint import read_checkpoint
from tests import tiny_checkpoint

MAPS = Path("/proc/self/maps")  # Linux: the address ranges of this process, and the files mapped there


def mapped_file(tensor: torch.Tensor) -> str:
    for line in re.finditer(r"^(\w+)-(\w+) (?:\S+ ){4} *(.*)$", MAPS.read_text(), re.MULTILINE):
        if int(line[1], 16) <= tensor.data_ptr() < int(line[2], 16):
            return Path(line[3]).name
    return ""


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux tells what is mapped")
def test_every_file_of_a_sharded_checkpoint_is_mapped(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint.build(tmp_path)
    folder = checkpoint / "transformer"
    (whole,) = folder.glob("*.safetensors")
    whole.unlink()
    model = tiny_checkpoint.transformer(8)
    model.save_pretrained(folder, max_shard_size="100KB")
    files = {path.name for path in folder.glob("*.safetensors")}
    assert len(files) > 2
    loaded = read_checkpoint(checkpoint).load_model("transformer")
    assert all(torch.equal(loaded.state_dict()[name], tensor) for name, tensor in model.state_dict().items())
    assert {mapped_file(tensor) for tensor in loaded.parameters()} == files
