"""The training of transformer and text encoder: `python -m pipeline.miniature.training.transformer SECONDS`.

It is rectified flow on cached latents of the finished encoder. Temporary heads on an early block and on the text
encoder predict the kind and the paint of every latent position. With them, the model learns sooner where words belong.
"""

import random
import sys
import time
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import SanaTransformer2DModel
from torch import nn

from pipeline.miniature.training import corpus, latents
from pipeline.miniature.training.descent import Descent
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.prompts import HIDDEN, Prompts
from pipeline.miniature.training.reading import GRID, NAMES, Reader, naming_loss
from pipeline.miniature.training.training_run import WORK, Run, averaged, half_precision

HEADS, HEAD_DIM = 9, 32
CONFIG: dict[str, Any] = {
    "in_channels": 32,
    "out_channels": 32,
    "num_attention_heads": HEADS,
    "attention_head_dim": HEAD_DIM,
    "num_cross_attention_heads": 4,
    "cross_attention_head_dim": 72,
    "cross_attention_dim": HEADS * HEAD_DIM,
    "num_layers": 7,
    "caption_channels": HIDDEN,
    "mlp_ratio": 2.5,
    "sample_size": 8,
    "patch_size": 1,
    "interpolation_scale": 1.0,
    "qk_norm": "rms_norm_across_heads",
    # The scheduler's timesteps go up to 1000. The embedding gets 0 to 1, as in Sana-Sprint: the derivative with respect
    # to time needs an embedding that changes slowly (https://arxiv.org/abs/2503.09641, section 3.2).
    "timestep_scale": 0.001,
}
DECAY, RATE = 0.999, 2e-3  # chosen; the README beside this file has the result
SHIFT = 1.5  # of noise levels towards more noise; chosen
HEAD_BLOCK, HEAD_WEIGHT = 2, 0.1  # the block with a temporary head, and the weight of both heads in the loss; chosen
BATCHES = {"cuda": 256, "cpu": 16}


class Miniature(nn.Module):
    """Text encoder and transformer, with their temporary heads."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader()
        torch.manual_seed(3)
        self.transformer = SanaTransformer2DModel(**CONFIG)
        self.head = nn.Linear(HEADS * HEAD_DIM, sum(NAMES))
        self.transformer.transformer_blocks[HEAD_BLOCK].register_forward_hook(self._keep)

    def _keep(self, block: nn.Module, inputs: object, states: torch.Tensor) -> None:
        self.states = states

    def forward(
        self, noisy: torch.Tensor, sigma: torch.Tensor, prompts: Prompts
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the velocity of noisy latents [N, C, h, w] at noise levels sigma [N], and the logits of both heads."""
        embeddings, mask, read = self.reader(prompts)
        velocity = self.transformer(
            noisy.to(embeddings.dtype), embeddings, timestep=sigma, encoder_attention_mask=mask, return_dict=False
        )[0]
        return velocity.float(), self.head(self.states).float(), read


def noise_levels(count: int, device: str | torch.device = "cpu") -> torch.Tensor:
    """Return random noise levels f32 [count] in (0, 1), logit-normal as in https://arxiv.org/abs/2403.03206.

    They are stratified over the batch, and shifted towards more noise by SHIFT.
    """
    uniform = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
    sigma: torch.Tensor = torch.special.ndtri(uniform.clamp(1e-4, 1 - 1e-4)).sigmoid()
    return SHIFT * sigma / (1 + (SHIFT - 1) * sigma)


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, of which painting and encoding take their part, and print the losses every 500 steps."""
    started = time.monotonic()
    data = latents.load(device)
    scenes, prompts = corpus.load(device)
    model = Miniature().to(device)
    if not (WORK / "transformer.pt").exists():
        model.reader.load_state_dict(averaged("reading", device))
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    run = Run("transformer", model, flatten(optimizer), seconds - (time.monotonic() - started), DECAY)
    torch.manual_seed(run.step)
    rng = random.Random(run.step)

    def losses(miniature: nn.Module, size: str) -> tuple[torch.Tensor, ...]:
        rows, original = data.batch(size, BATCHES[torch.device(device).type])
        some = scenes[rows]
        spoken = prompts[rows * corpus.PROMPTS_EACH + torch.randint(corpus.PROMPTS_EACH, rows.shape, device=device)]
        noise, sigma = torch.randn_like(original), noise_levels(len(rows), device)
        level = sigma[:, None, None, None]
        with half_precision(device):
            velocity, shown, read = miniature((1 - level) * original + level * noise, sigma, spoken)
        loss = F.mse_loss(velocity, noise - original)
        naming = naming_loss(shown, some, *original.shape[2:])
        reading = naming_loss(read, some, GRID, GRID)
        return loss + HEAD_WEIGHT * (naming + reading), loss, naming, reading

    Descent(run, losses, device).through(lambda: data.random_size(rng))


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
