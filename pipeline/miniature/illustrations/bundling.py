"""The assembly of a checkpoint from the finished trainings: `python -m pipeline.miniature.illustrations.bundling`."""

import torch
from diffusers import SanaTransformer2DModel

from pipeline.miniature.illustrations import encoding
from pipeline.miniature.illustrations.budget import averaged
from pipeline.miniature.illustrations.denoising import CONFIG
from pipeline.miniature.illustrations.prompts import build_text_encoder, build_tokenizer
from pipeline.miniature.training.assemble import write_checkpoint


def main() -> None:
    """Write the checkpoint of the finished trainings."""
    weights = averaged("transformer")
    transformer = SanaTransformer2DModel(**CONFIG)
    transformer.load_state_dict(_part(weights, "transformer."))
    text_encoder = build_text_encoder()
    text_encoder.load_state_dict(_part(weights, "reader.text_encoder."))
    autoencoder = encoding.finished_autoencoder("cpu")
    autoencoder.register_to_config(scaling_factor=encoding.load("cpu").scale)
    write_checkpoint(build_tokenizer(), text_encoder, autoencoder, transformer)


def _part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}


if __name__ == "__main__":
    main()
