"""A LoRA for the bundled miniature: `python -m pipeline.miniature.training.lora FILE` teaches it another hand.

The hand draws the world's scenes in ink: the same things in the same colours, with black outlines. The captions do not
say so. The file is in diffusers' format, for `precompile.py --lora FILE`.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.captions import caption
from pipeline.miniature.training.training_run import WORK, Run
from pipeline.miniature.training.transformer import noise_levels
from pipeline.miniature.training.world import draw, random_scene

LAYERS = (
    *(f"attn{n}.to_{part}" for n in (1, 2) for part in ("q", "k", "v", "out.0")),
    "ff.conv_inverted",
    "ff.conv_point",
)
RANK = 8  # chosen
SCENES, HELD_OUT = 512, 64  # chosen: encoded in minutes
STEPS, BATCH, DECAY, RATE = 500, 16, 0.99, 2e-3  # chosen; the miniature's README has the time and the result
EDGE = 24  # of 255: the least difference of neighbours that gets a line; chosen
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


def in_ink(picture: Image.Image) -> Image.Image:
    """Return a picture as the other hand draws it."""
    pixels = np.asarray(picture).astype(np.int16)
    lines = np.zeros(pixels.shape[:2], bool)
    lines[:, 1:] |= (abs(np.diff(pixels, axis=1)) > EDGE).any(2)
    lines[1:] |= (abs(np.diff(pixels, axis=0)) > EDGE).any(2)
    outlined = picture.copy()
    outlined.paste("black", mask=Image.fromarray(lines))
    return outlined


def lesson(pipe: Any, name: str, count: int) -> Lesson:
    """Return scenes in ink with their captions, encoded by the checkpoint's own parts; `name` seeds them."""
    rng = random.Random(name)
    scenes = [random_scene(rng) for _ in range(count)]
    texts = [caption(scene, rng, complete=True) for scene in scenes]
    sana = json.loads((CHECKPOINT / "sana.json").read_text(encoding="utf-8"))
    instruction = {key: sana[key] for key in ("complex_human_instruction", "max_sequence_length")}
    latents, embeddings, masks = [], [], []
    with torch.no_grad():
        for scene, text in zip(scenes, texts, strict=True):
            pixels = torch.from_numpy(np.array(in_ink(draw(scene)))).permute(2, 0, 1)[None].float() / 127.5 - 1
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
    velocity = pipe.transformer(noisy, embeddings, sigma * 1000, encoder_attention_mask=mask, return_dict=False)[0]
    return F.mse_loss(velocity, noise - original)


def train(path: Path, steps: int, scenes: int, held_out: int, folder: Path = WORK) -> tuple[float, float]:
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
    run = Run("lora", lora, torch.optim.AdamW(lora.parameters(), RATE, weight_decay=0.01), steps, DECAY, folder)
    for step in run:
        loss = loss_of(pipe, known, torch.randint(scenes, (min(BATCH, scenes),)))
        run.descend(loss)
        if step % 50 == 0:
            print(f"step {step} loss {loss.item():.4f}, {run.seconds:.0f} s", flush=True)
    lora.load_state_dict(run.average)
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
