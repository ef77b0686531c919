"""A random DC-AE-Lite of full size: `python -m tests.benchmark.dc_ae_lite FOLDER`."""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderDC

from tests.full_size import VAE_STAGES, write


def build(folder: Path) -> None:
    """Write the autoencoder. Its decoder has 268 M parameters, only ResBlocks, and none of them at full resolution."""
    with torch.device("meta"):
        model = AutoencoderDC(
            encoder_layers_per_block=(2, 2, 2, 3, 3, 3),
            encoder_block_types=VAE_STAGES["block_types"],
            downsample_block_type="Conv",
            decoder_block_types="ResBlock",
            decoder_layers_per_block=(0, 3, 5, 4, 4, 4),
            decoder_qkv_multiscales=((),) * 6,
            upsample_block_type="pixel_shuffle",
            decoder_conv_act_fn="silu",
            scaling_factor=0.41407,
        )
    write(model, folder, "diffusion_pytorch_model", None)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
