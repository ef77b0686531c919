"""The assembly of a checkpoint from the finished trainings: `python -m pipeline.miniature.training.assemble`."""

import json
import shutil

import torch
from diffusers import AutoencoderDC, DPMSolverMultistepScheduler, SanaPipeline, SanaTransformer2DModel
from transformers import Gemma2Model, PreTrainedTokenizerFast

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.decoder import latest_autoencoder
from pipeline.miniature.training.latents import Latents
from pipeline.miniature.training.text import INSTRUCTION, build_tokenizer
from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.transformer import Miniature

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
    """Write the checkpoint of the finished trainings."""
    tokenizer = build_tokenizer()
    model = Miniature(len(tokenizer))
    model.load_state_dict(torch.load(WORK / "transformer.pt", weights_only=True)["average"])
    autoencoder = latest_autoencoder()
    autoencoder.register_to_config(scaling_factor=Latents.load(autoencoder).scale())
    write_checkpoint(tokenizer, model.reader.text_encoder, autoencoder, model.transformer)


def write_checkpoint(
    tokenizer: PreTrainedTokenizerFast,
    text_encoder: Gemma2Model,
    autoencoder: AutoencoderDC,
    transformer: SanaTransformer2DModel,
) -> None:
    """Replace the bundled checkpoint by one with these parts in f16, and print the size of each weight file."""
    scheduler = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=FLOW_SHIFT, algorithm_type="dpmsolver++"
    )
    pipeline = SanaPipeline(tokenizer, text_encoder, autoencoder, transformer, scheduler)
    aside = WORK / "checkpoint"
    shutil.rmtree(aside, ignore_errors=True)
    pipeline.to(torch.float16).save_pretrained(aside, max_shard_size="9MB")
    (aside / "sana.json").write_text(json.dumps(RECORD, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(CHECKPOINT, ignore_errors=True)
    shutil.move(aside, CHECKPOINT)
    for path in sorted(CHECKPOINT.rglob("*.safetensors")):
        print(f"{path.relative_to(CHECKPOINT)}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
