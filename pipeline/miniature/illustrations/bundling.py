"""Put the finished trainings together as a checkpoint: `python -m pipeline.miniature.illustrations.bundling`."""

import json
import shutil

import torch
from diffusers import DPMSolverMultistepScheduler, SanaPipeline, SanaTransformer2DModel

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.illustrations import encoding
from pipeline.miniature.illustrations.budget import WORK, averaged
from pipeline.miniature.illustrations.denoising import CONFIG
from pipeline.miniature.illustrations.prompts import INSTRUCTION, build_text_encoder, build_tokenizer

FLOW_SHIFT = 3.0
RECORD = {
    "name": "sana-miniature",
    "license": "apache-2.0",
    "complex_human_instruction": INSTRUCTION,
    "max_sequence_length": 96,
    "defaults": {"width": 256, "height": 256, "num_inference_steps": 20, "guidance_scale": 4.0},
    "min_size": 128,
    "max_size": 384,
}
"""What diffusers has no place for, in `sana.json`: the instruction, and what to do when nothing else is asked for."""


def main() -> None:
    """Write the checkpoint in f16, and print the size of each weight file."""
    weights = averaged("transformer")
    transformer = SanaTransformer2DModel(**CONFIG)
    transformer.load_state_dict(_part(weights, "transformer."))
    text_encoder = build_text_encoder()
    text_encoder.load_state_dict(_part(weights, "reader.text_encoder."))
    autoencoder = encoding.finished_autoencoder("cpu")
    autoencoder.register_to_config(scaling_factor=encoding.load("cpu").scale)
    scheduler = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=FLOW_SHIFT, algorithm_type="dpmsolver++"
    )
    pipeline = SanaPipeline(build_tokenizer(), text_encoder, autoencoder, transformer, scheduler)
    aside = WORK / "checkpoint"
    shutil.rmtree(aside, ignore_errors=True)
    pipeline.to(torch.float16).save_pretrained(aside, max_shard_size="9MB")
    (aside / "sana.json").write_text(json.dumps(RECORD, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(CHECKPOINT, ignore_errors=True)
    shutil.move(aside, CHECKPOINT)
    for path in sorted(CHECKPOINT.rglob("*.safetensors")):
        print(f"{path.relative_to(CHECKPOINT)}: {path.stat().st_size / 1e6:.1f} MB")


def _part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}


if __name__ == "__main__":
    main()
