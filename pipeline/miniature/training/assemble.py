"""The assembly of a checkpoint from the finished trainings: `python -m pipeline.miniature.training.assemble`."""

import json
import shutil

import torch
from diffusers import DPMSolverMultistepScheduler, SanaPipeline, SanaTransformer2DModel

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training import draft_decoder, latents
from pipeline.miniature.training.prompts import INSTRUCTION, build_text_encoder, build_tokenizer
from pipeline.miniature.training.training_run import WORK, averaged
from pipeline.miniature.training.transformer import CONFIG

FLOW_SHIFT = 3.0  # that of Sana's published checkpoints
RECORD = {
    "name": "sana-miniature",
    "license": "apache-2.0",
    "complex_human_instruction": INSTRUCTION,
    "max_sequence_length": 96,
    "defaults": {"width": 256, "height": 256, "num_inference_steps": 20, "guidance_scale": 4.0},
    "min_size": 128,
    "max_size": 384,
}
"""The content of `sana.json`: the instruction, default settings and limits, for which diffusers has no place."""


def main() -> None:
    """Replace the bundled checkpoint by the finished trainings in f16, and print the size of each weight file."""
    weights = averaged("transformer")
    transformer = SanaTransformer2DModel(**CONFIG)
    transformer.load_state_dict(_part(weights, "transformer."))
    text_encoder = build_text_encoder()
    text_encoder.load_state_dict(_part(weights, "reader.text_encoder."))
    autoencoder = latents.finished_autoencoder("cpu")
    autoencoder.register_to_config(scaling_factor=latents.load("cpu").scale)
    scheduler = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=FLOW_SHIFT, algorithm_type="dpmsolver++"
    )
    pipeline = SanaPipeline(build_tokenizer(), text_encoder, autoencoder, transformer, scheduler)
    aside = WORK / "checkpoint"
    shutil.rmtree(aside, ignore_errors=True)
    pipeline.to(torch.float16).save_pretrained(aside, max_shard_size="9MB")
    (aside / "sana.json").write_text(json.dumps(RECORD, indent=2) + "\n", encoding="utf-8")
    if draft_decoder.DRAFT.exists():
        shutil.copy(draft_decoder.DRAFT, aside)
    shutil.rmtree(CHECKPOINT, ignore_errors=True)
    shutil.move(aside, CHECKPOINT)
    for path in sorted(CHECKPOINT.rglob("*.safetensors")):
        print(f"{path.relative_to(CHECKPOINT)}: {path.stat().st_size / 1e6:.1f} MB")


def _part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}


if __name__ == "__main__":
    main()
