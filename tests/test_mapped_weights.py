"""The weights of a checkpoint in several files are read where they are mapped, and not copied."""

import re
from pathlib import Path

import pytest
import torch
from diffusers import SanaTransformer2DModel

from pipeline.export.weights import read_weight_files
from tests.tiny_checkpoint import transformer

MAPS = Path("/proc/self/maps")  # Linux: the address ranges of this process, and the files mapped there


def mapped_file(tensor: torch.Tensor) -> str:
    for line in re.finditer(r"^(\w+)-(\w+) (?:\S+ ){4} *(.*)$", MAPS.read_text(), re.MULTILINE):
        if int(line[1], 16) <= tensor.data_ptr() < int(line[2], 16):
            return Path(line[3]).name
    return ""


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux tells what is mapped")
def test_every_file_of_a_sharded_checkpoint_is_mapped(tmp_path: Path) -> None:
    transformer(8).save_pretrained(tmp_path, max_shard_size="100KB")
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) > 2
    model = SanaTransformer2DModel.from_pretrained(tmp_path, use_safetensors=True)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    read_weight_files(tmp_path, sorted(tmp_path.iterdir()), None).map_into(model)
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert {mapped_file(after[name]) for name, _ in model.named_parameters()} == {file.name for file in files}
