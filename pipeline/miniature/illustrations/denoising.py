"""The training of transformer and text encoder: `python -m pipeline.miniature.illustrations.denoising SECONDS`.

It is rectified flow on cached latents of the finished encoder. Temporary heads on an early block and on the text
encoder predict the kind and the paint of every latent position. With them, the model learns sooner where words belong.
"""

import random
import sys
import time

import torch
import torch.nn.functional as F
from diffusers import SanaTransformer2DModel
from torch import nn

from pipeline.miniature.illustrations import corpus, encoding
from pipeline.miniature.illustrations.budget import WORK, Run, averaged, half_precision
from pipeline.miniature.illustrations.descent import Descent
from pipeline.miniature.illustrations.flat_weights import flatten
from pipeline.miniature.illustrations.naming import GRID, NAMES, Reader, naming_loss
from pipeline.miniature.illustrations.prompts import Prompts
from pipeline.miniature.training import transformer
from pipeline.miniature.training.transformer import HEAD_BLOCK, HEAD_WEIGHT

HEADS, HEAD_DIM = 9, 32
CONFIG = transformer.CONFIG | {
    "num_attention_heads": HEADS,
    "attention_head_dim": HEAD_DIM,
    "cross_attention_head_dim": 72,
    "cross_attention_dim": HEADS * HEAD_DIM,
    "num_layers": 7,
    "qk_norm": "rms_norm_across_heads",
    # The scheduler's timesteps go up to 1000. The embedding gets 0 to 1, as in Sana-Sprint: the derivative with respect
    # to time needs an embedding that changes slowly (https://arxiv.org/abs/2503.09641, section 3.2).
    "timestep_scale": 0.001,
}
DECAY, RATE = 0.999, 2e-3  # chosen; the README beside this file has the result
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


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, of which painting and encoding take their part, and print the losses every 500 steps."""
    started = time.monotonic()
    data = encoding.load(device)
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
        noise, sigma = torch.randn_like(original), transformer.noise_levels(len(rows), device)
        level = sigma[:, None, None, None]
        with half_precision(device):
            velocity, shown, read = miniature((1 - level) * original + level * noise, sigma, spoken)
        loss = F.mse_loss(velocity, noise - original)
        naming = naming_loss(shown, some, *original.shape[2:])
        reading = naming_loss(read, some, GRID, GRID)
        return loss + HEAD_WEIGHT * (naming + reading), loss, naming, reading

    descend = Descent(run, losses, device)
    for step in run:
        descend(data.random_size(rng))
        if step % 500 == 0:
            print(f"transformer: step {step} losses {descend.report()}, {run.seconds:.0f} s", flush=True)
    print(f"transformer: {run.step} steps in {run.seconds:.0f} s, losses {descend.report()}", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
