"""Trains the miniature's transformer and text encoder together: `python -m pipeline.miniature.transformer`.

Rectified flow on cached latents of the finished encoder; interrupted, it goes on from its last checkpoint. A throw-away
head on an early block names the kind and the paint of every latent position, so that words find their places sooner.
"""

import random

import torch
import torch.nn.functional as F
from diffusers import SanaTransformer2DModel
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from pipeline.miniature.autoencoder import frozen_autoencoder
from pipeline.miniature.captions import caption, fragment
from pipeline.miniature.latents import Latents, cells_of, scene_of
from pipeline.miniature.text import HIDDEN, PromptBatch, build_text_encoder, build_tokenizer
from pipeline.miniature.training import Run
from pipeline.miniature.world import COLOURS, KINDS, PLACES, Scene

HEADS, HEAD_DIM = 8, 32
CONFIG = {
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
STEPS, BATCH, DECAY, RATE = 4_600, 32, 0.998, 2e-3
SHIFT = 1.5
EMPTY, UNINSTRUCTED = 0.1, 0.12
HEAD_BLOCK, HEAD_WEIGHT = 2, 0.1


class Miniature(nn.Module):
    """What is trained together: the text encoder, the transformer and the throw-away head."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.text_encoder = build_text_encoder(vocabulary)
        torch.manual_seed(3)
        self.transformer = SanaTransformer2DModel(**CONFIG)
        self.head = nn.Linear(HEADS * HEAD_DIM, len(KINDS) + 1 + len(COLOURS + PLACES))
        self.transformer.transformer_blocks[HEAD_BLOCK].register_forward_hook(self._keep)

    def _keep(self, block: nn.Module, inputs: object, states: torch.Tensor) -> None:
        self.states = states

    def forward(
        self, noisy: torch.Tensor, sigma: torch.Tensor, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Velocity (N, C, h, w) of noisy latents at noise levels sigma (N,); kind and paint logits (N, hw, classes)."""
        embeddings, mask = prompts.encode(self.text_encoder)
        velocity = self.transformer(
            noisy, embeddings, timestep=sigma * 1000, encoder_attention_mask=mask.float(), return_dict=False
        )[0]
        kinds, paints = self.head(self.states).float().split((len(KINDS) + 1, len(COLOURS + PLACES)), dim=-1)
        return velocity.float(), kinds, paints


def prompt_for(scene: Scene, rng: random.Random) -> tuple[str, bool]:
    """What one training sample is called, and whether the instruction goes before it.

    An empty caption is the negative branch's default. Captions and single words without the instruction are what
    that branch sees of a negative prompt.
    """
    choice = rng.random()
    if choice < EMPTY:
        return "", False
    if choice < EMPTY + UNINSTRUCTED:
        return (fragment if rng.random() < 0.6 else caption)(scene, rng), False
    return caption(scene, rng), True


def noise_levels(count: int) -> torch.Tensor:
    """Logit-normal noise levels (https://arxiv.org/abs/2403.03206), stratified over the batch and shifted upwards."""
    uniform = (torch.randperm(count) + torch.rand(count)) / count
    sigma = torch.special.ndtri(uniform.clamp(1e-4, 1 - 1e-4)).sigmoid()
    return SHIFT * sigma / (1 + (SHIFT - 1) * sigma)


def main() -> None:
    latents = Latents.load(frozen_autoencoder())
    scale = latents.scale()
    tokenizer = build_tokenizer()
    model = Miniature(len(tokenizer))
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    run = Run("transformer", model, optimizer, STEPS, DECAY)
    history: list[float] = []
    for step in run:
        rng = random.Random(f"transformer step {step}")
        indices, clean = latents.batch(rng, BATCH)
        clean = clean * scale
        prompts = PromptBatch(tokenizer, [prompt_for(scene_of(index), rng) for index in indices])
        noise, sigma = torch.randn_like(clean), noise_levels(len(indices))
        level = sigma[:, None, None, None]
        # plain attention: on so few tokens the fused kernel's backward pass costs a sixth of the whole step
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            velocity, kinds, paints = model((1 - level) * clean + level * noise, sigma, prompts)
        loss = F.mse_loss(velocity, noise - clean)
        true_kinds, true_paints = (
            torch.stack([torch.from_numpy(cells).flatten() for cells in group])
            for group in zip(*map(cells_of, indices), strict=True)
        )
        naming = F.cross_entropy(kinds.mT, true_kinds) + F.cross_entropy(paints.mT, true_paints)
        run.descend(loss + HEAD_WEIGHT * naming)
        history.append(loss.item())
        if step % 100 == 0:
            print(
                f"step {step} loss {sum(history) / len(history):.4f} naming {naming:.3f}, {run.seconds:.0f} s",
                flush=True,
            )
            history.clear()
    print(f"{run.step} steps in {run.seconds:.0f} s")


if __name__ == "__main__":
    main()
