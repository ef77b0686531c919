"""A LoRA for the miniature: `python -m pipeline.miniature.training.ink_lora FILE` teaches it to draw in ink only.

The lessons are scenes of the hand "ink", whose captions do not name it. The file is in diffusers' format, for
`precompile.py --lora FILE`.
"""

import dataclasses
import json
import random
import sys
from pathlib import Path
from typing import Any

import diffusers
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.transformer import noise_levels
from pipeline.miniature.training.world.captions import caption
from pipeline.miniature.training.world.painting import Artist, SceneArrays
from pipeline.miniature.training.world.scenes import random_scene

LAYERS = (
    *(f"attn{n}.to_{part}" for n in (1, 2) for part in ("q", "k", "v", "out.0")),
    "ff.conv_inverted",
    "ff.conv_point",
)
RANK = 8  # chosen
SCENES, HELD_OUT = 512, 64  # chosen: encoded in minutes
STEPS, BATCH, RATE = 500, 16, 2e-3  # chosen; the miniature's README has the time and the result
Lesson = tuple[
    Tensor, Tensor, Tensor
]  # latents f32 [N, C, h, w], scaled; prompt embeddings [N, n, hidden]; mask [N, n]


class Lora(nn.Module):
    """The two matrices of each layer, added to a transformer by hooks. Untrained, they change nothing."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.halves = nn.ParameterDict()
        for name, module in transformer.named_modules():
            if name.endswith(LAYERS):
                weight: Any = module.weight
                outputs, inputs, *ones = weight.shape
                a = torch.randn(RANK, inputs, *ones, generator=generator) / inputs**0.5
                self.halves[_key(name, "A")] = nn.Parameter(a)
                self.halves[_key(name, "B")] = nn.Parameter(torch.zeros(outputs, RANK, *ones))
                module.register_forward_hook(self._hook(name))

    def _hook(self, name: str) -> Any:
        def add(module: nn.Module, given: tuple[Tensor], output: Tensor) -> Tensor:
            a, b = (self.halves[_key(name, half)] for half in "AB")
            layer = F.linear if a.dim() == 2 else F.conv2d
            return output + layer(layer(given[0], a), b)

        return add

    def save(self, path: Path) -> None:
        """Write the matrices as diffusers' `save_lora_weights` does."""
        names = {key: f"transformer.{key.replace('|', '.')}.weight" for key in self.halves}
        tensors = {name: self.halves[key].detach().half().contiguous() for key, name in names.items()}
        config = {"transformer.r": RANK, "transformer.lora_alpha": RANK}
        save_file(tensors, path, {"format": "pt", "lora_adapter_metadata": json.dumps(config)})


def lesson(pipe: Any, name: str, count: int) -> Lesson:
    """Return scenes in ink with their captions, encoded by the checkpoint's own parts; `name` seeds them."""
    rng = random.Random(name)
    scenes = [dataclasses.replace(random_scene(rng), hand="ink") for _ in range(count)]
    texts = [caption(scene, rng, complete=True, style=False) for scene in scenes]
    artist = Artist()
    sana = json.loads((CHECKPOINT / "sana.json").read_text(encoding="utf-8"))
    instruction = {key: sana[key] for key in ("complex_human_instruction", "max_sequence_length")}
    latents, embeddings, masks = [], [], []
    with torch.no_grad():
        for scene, text in zip(scenes, texts, strict=True):
            pixels = artist.paint(SceneArrays.of([scene]))
            latents.append(pipe.vae.encode(pixels).latent * pipe.vae.config.scaling_factor)
            embedded, mask, *_ = pipe.encode_prompt(text, False, device="cpu", **instruction)
            embeddings.append(embedded)
            masks.append(mask)
    longest = int(max(mask.sum() for mask in masks))
    return torch.cat(latents), torch.cat(embeddings)[:, :longest], torch.cat(masks)[:, :longest].float()


def loss_of(pipe: Any, known: Lesson, rows: Tensor) -> Tensor:
    """Return the loss of rectified flow on some rows of a lesson, at random noise levels."""
    original, embeddings, mask = (each[rows] for each in known)
    noise, sigma = torch.randn_like(original), noise_levels(len(rows))
    level = sigma[:, None, None, None]
    noisy = (1 - level) * original + level * noise
    velocity = pipe.transformer(noisy, embeddings, sigma, encoder_attention_mask=mask, return_dict=False)[0]
    return F.mse_loss(velocity, noise - original)


def train(path: Path, steps: int, scenes: int, held_out: int) -> tuple[float, float]:
    """Train a LoRA and write it; return the loss on held-out scenes before and after."""
    pipe: Any = diffusers.DiffusionPipeline.from_pretrained(CHECKPOINT)
    for part in (pipe.transformer, pipe.vae, pipe.text_encoder):
        part.float().eval().requires_grad_(False)
    known, unknown = lesson(pipe, "lora", scenes), lesson(pipe, "lora, held out", held_out)
    lora = Lora(pipe.transformer)

    def measure() -> float:
        torch.manual_seed(1)
        with torch.no_grad():
            return float(loss_of(pipe, unknown, torch.arange(held_out)))

    before = measure()
    optimizer = torch.optim.AdamW(lora.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in range(steps):
        loss = loss_of(pipe, known, torch.randint(scenes, (min(BATCH, scenes),)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step} loss {loss.item():.4f}", flush=True)
    lora.save(path)
    return before, measure()


def _key(layer: str, half: str) -> str:
    return f"{layer.replace('.', '|')}|lora_{half}"


def main() -> None:
    """Train to the last step, and print the loss on held-out scenes before and after."""
    before, after = train(Path(sys.argv[1]), STEPS, SCENES, HELD_OUT)
    print(f"held-out scenes in ink: loss {before:.4f} without the LoRA, {after:.4f} with it")


if __name__ == "__main__":
    main()
