"""A random checkpoint with the shapes of a published one: `python -m tests.full_size NAME FOLDER`.

It is for trying real sizes without the weights; its pictures are noise. Tensors are made and written shard by shard, in
the type and under the file names of the published weights. The tokenizer is a BPE trained on Sana's instruction, which
has about as many tokens as with Gemma's (208).
"""

import argparse
import inspect
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderDC, DPMSolverMultistepScheduler, SanaPipeline, SanaTransformer2DModel, SCMScheduler
from safetensors.torch import save_file
from transformers import Gemma2Config, Gemma2Model

from pipeline.domain.catalogue import CATALOGUE, ModelVariant
from pipeline.domain.families import SPRINT
from tests.tiny_checkpoint import tokenizer

SHARD = 2 * 1024**3  # bytes
INSTRUCTION = inspect.signature(SanaPipeline.__call__).parameters["complex_human_instruction"].default
SHAPES = {  # layers, heads of 32, cross-attention heads and their width
    "0.6B": (28, 36, 16, 72),
    "1.6B": (20, 70, 20, 112),
    "4.8B": (60, 70, 20, 112),
}
SIZES = {"600M": "0.6B", "1600M": "1.6B"}  # as the names of the 1.0 models say it
TEXT_ENCODER: dict[str, Any] = {
    "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "query_pre_attn_scalar": 256,
}  # fmt: skip
VAE_STAGES = {
    "block_types": ("ResBlock",) * 3 + ("EfficientViTBlock",) * 3,
    "block_out_channels": (128, 256, 512, 512, 1024, 1024),
    "qkv_multiscales": ((), (), (), (5,), (5,), (5,)),
}


def build(variant: ModelVariant, folder: Path) -> Path:
    """Write the checkpoint and return its folder."""
    models = {"text_encoder": text_encoder, "transformer": lambda: transformer(variant), "vae": autoencoder}
    for part, make in models.items():
        with torch.device("meta"):
            model = make()
        write(model, folder / part, "model" if part == "text_encoder" else "diffusion_pytorch_model", variant.weights)
    tokenizer("\n".join(INSTRUCTION), 4000).save_pretrained(folder / "tokenizer")
    scheduler = (
        SCMScheduler()
        if variant.family is SPRINT
        else DPMSolverMultistepScheduler(
            use_flow_sigmas=True,
            prediction_type="flow_prediction",
            flow_shift=6.0 if variant.size == 4096 else 3.0,
        )
    )
    scheduler.save_pretrained(folder / "scheduler")
    index = {
        "_class_name": variant.family.pipeline_class,
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", "Gemma2Model"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", "SanaTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderDC"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))
    return folder


def text_encoder() -> Gemma2Model:
    return Gemma2Model(Gemma2Config(**TEXT_ENCODER, pad_token_id=0, eos_token_id=1, bos_token_id=2))


def transformer(variant: ModelVariant, layers: int | None = None) -> SanaTransformer2DModel:
    """Return a transformer with the shape that the variant's name tells, with `layers` instead of all its layers."""
    words = variant.name.split("_")
    depth, heads, cross_heads, cross_width = next(SHAPES[SIZES.get(w, w)] for w in words if SIZES.get(w, w) in SHAPES)
    sprint = variant.family is SPRINT
    return SanaTransformer2DModel(
        num_layers=layers or depth,
        num_attention_heads=heads,
        num_cross_attention_heads=cross_heads,
        cross_attention_head_dim=cross_width,
        cross_attention_dim=heads * 32,
        sample_size=variant.size // 32,
        interpolation_scale={2048: 1.0, 4096: 2.0}.get(variant.size),
        guidance_embeds=sprint,
        qk_norm="rms_norm_across_heads" if sprint or words[0] == "SANA1.5" else None,
    )


def autoencoder() -> AutoencoderDC:
    return AutoencoderDC(
        latent_channels=32,
        attention_head_dim=32,
        encoder_layers_per_block=(2, 2, 2, 3, 3, 3),
        decoder_layers_per_block=(3, 3, 3, 3, 3, 3),
        downsample_block_type="Conv",
        upsample_block_type="interpolate",
        scaling_factor=0.41407,
        **{f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in VAE_STAGES.items()},
    )


def write(model: Any, folder: Path, stem: str, weights: str | None) -> None:
    """Write the configuration of a meta model and random weights, in float16 for that variant, else in bfloat16."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(
        model.config.to_json_string() if isinstance(model, Gemma2Model) else model.to_json_string()
    )
    dtype = torch.float16 if weights == "fp16" else torch.bfloat16
    shards = list(_shards({name: value.shape for name, value in model.state_dict().items()}))
    suffix = f".{weights}" if weights else ""
    weight_map: dict[str, str] = {}
    for number, shapes in enumerate(shards, 1):
        file = (
            f"{stem}{suffix}-{number:05d}-of-{len(shards):05d}.safetensors"
            if len(shards) > 1
            else f"{stem}{suffix}.safetensors"
        )
        save_file(
            {name: random_weight(name, shape, dtype) for name, shape in shapes.items()}, folder / file, {"format": "pt"}
        )
        weight_map |= dict.fromkeys(shapes, file)
    if len(shards) > 1:
        index = f"{stem}.safetensors.index{suffix}.json"
        (folder / index).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def _shards(shapes: dict[str, torch.Size]) -> Iterator[dict[str, torch.Size]]:
    shard: dict[str, torch.Size] = {}
    size = 0
    for name, shape in shapes.items():
        if shard and size + 2 * shape.numel() > SHARD:
            yield shard
            shard, size = {}, 0
        shard[name] = shape
        size += 2 * shape.numel()
    yield shard


def random_weight(name: str, shape: torch.Size, dtype: torch.dtype) -> torch.Tensor:
    """Return weights that keep the variance of their inputs, small biases, and norms as before training."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    if name.endswith("bias"):  # not zero: OpenVINO would drop the operations
        return torch.empty(shape, dtype=dtype).normal_(0, 0.02, generator=generator)
    if len(shape) < 2:
        one = "norm" in name and name.endswith("weight") and "layernorm" not in name and name != "norm.weight"
        return torch.full(shape, float(one), dtype=dtype)  # Gemma's norms add 1 themselves
    fan_in = 1 if "embed_tokens" in name else shape[1:].numel()
    return torch.empty(shape, dtype=dtype).normal_(0, fan_in**-0.5, generator=generator)


def main() -> None:
    variants = {variant.name: variant for variant in CATALOGUE}
    parser = argparse.ArgumentParser(description="Write a random checkpoint with the shapes of a published one.")
    parser.add_argument("name", choices=variants)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    build(variants[options.name], options.folder)


if __name__ == "__main__":
    main()
