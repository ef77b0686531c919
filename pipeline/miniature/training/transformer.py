"""The training of transformer and text encoder together: `python -m pipeline.miniature.training.transformer`.

It is rectified flow on cached latents of the finished encoder. Temporary heads on an early block and on the text
encoder predict the kind and the paint of every latent position. With them, the model learns sooner where words belong.
"""

import random
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import SanaTransformer2DModel
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from pipeline.miniature.training.captions import prompt_for
from pipeline.miniature.training.decoder import latest_autoencoder
from pipeline.miniature.training.latents import NAMES, Latents, scene_of
from pipeline.miniature.training.reading import GRID, Reader, naming_loss
from pipeline.miniature.training.text import HIDDEN, PromptBatch, build_tokenizer
from pipeline.miniature.training.training_run import WORK, Run

HEADS, HEAD_DIM = 8, 32
CONFIG: dict[str, Any] = {
    "in_channels": 32,
    "out_channels": 32,
    "num_attention_heads": HEADS,
    "attention_head_dim": HEAD_DIM,
    "num_cross_attention_heads": 4,
    "cross_attention_head_dim": 64,
    "cross_attention_dim": HEADS * HEAD_DIM,
    "num_layers": 6,
    "caption_channels": HIDDEN,
    "mlp_ratio": 2.5,
    "sample_size": 8,
    "patch_size": 1,
    "interpolation_scale": 1.0,
}
STEPS, BATCH, DECAY, RATE = 6_300, 32, 0.998, 1.5e-3  # chosen; the miniature's README has the time and the result
SHIFT = 1.5  # of noise levels towards more noise; chosen
HEAD_BLOCK, HEAD_WEIGHT = 2, 0.1  # the block with a temporary head, and the weight of both heads in the loss; chosen


class Miniature(nn.Module):
    """Text encoder and transformer, with their temporary heads."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.reader = Reader(vocabulary)
        torch.manual_seed(3)
        self.transformer = SanaTransformer2DModel(**CONFIG)
        self.head = nn.Linear(HEADS * HEAD_DIM, sum(NAMES))
        self.transformer.transformer_blocks[HEAD_BLOCK].register_forward_hook(self._keep)

    def _keep(self, block: nn.Module, inputs: object, states: torch.Tensor) -> None:
        self.states = states

    def forward(
        self, noisy: torch.Tensor, sigma: torch.Tensor, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the velocity of noisy latents [N, C, h, w] at noise levels sigma [N], and the logits of both heads."""
        embeddings, mask, read = self.reader(prompts)
        velocity = self.transformer(
            noisy, embeddings, timestep=sigma * 1000, encoder_attention_mask=mask.float(), return_dict=False
        )[0]
        return velocity.float(), self.head(self.states).float(), read


def noise_levels(count: int, device: str | torch.device = "cpu") -> torch.Tensor:
    """Return random noise levels f32 [count] in (0, 1), logit-normal as in https://arxiv.org/abs/2403.03206.

    They are stratified over the batch, and shifted towards more noise by SHIFT.
    """
    uniform = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
    sigma: torch.Tensor = torch.special.ndtri(uniform.clamp(1e-4, 1 - 1e-4)).sigmoid()
    return SHIFT * sigma / (1 + (SHIFT - 1) * sigma)


def main() -> None:
    """Train to the last step, and print the losses every 100 steps."""
    latents = Latents.load(latest_autoencoder())
    scale = latents.scale()
    tokenizer = build_tokenizer()
    model = Miniature(len(tokenizer))
    model.reader.load_state_dict(torch.load(WORK / "reading.pt", weights_only=True)["average"])
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    run = Run("transformer", model, optimizer, STEPS, DECAY)
    history: list[float] = []
    for step in run:
        rng = random.Random(f"transformer step {step}")
        indices, original = latents.batch(rng, BATCH)
        original = original * scale
        scenes = [scene_of(index) for index in indices]
        prompts = PromptBatch(tokenizer, [prompt_for(scene, rng) for scene in scenes])
        noise, sigma = torch.randn_like(original), noise_levels(len(indices))
        level = sigma[:, None, None, None]
        # Plain attention: on so few tokens, the backward pass of the fused kernel costs a sixth of the whole step.
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            velocity, shown, read = model((1 - level) * original + level * noise, sigma, prompts)
        loss = F.mse_loss(velocity, noise - original)
        naming = naming_loss(shown, scenes, 32 * original.shape[3], 32 * original.shape[2])
        reading = naming_loss(read, scenes, 32 * GRID, 32 * GRID)
        run.descend(loss + HEAD_WEIGHT * (naming + reading))
        history.append(loss.item())
        if step % 100 == 0:
            recent = sum(history) / len(history)
            print(
                f"step {step} loss {recent:.4f} naming {naming:.3f} reading {reading:.3f}, {run.seconds:.0f} s",
                flush=True,
            )
            history.clear()
    print(f"{run.step} steps in {run.seconds:.0f} s")


if __name__ == "__main__":
    main()
