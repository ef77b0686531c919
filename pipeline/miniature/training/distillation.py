"""The distillation to few steps: `python -m pipeline.miniature.training.distillation SECONDS`.

The method is Sana-Sprint's (https://arxiv.org/abs/2503.09641). The flow model is converted to TrigFlow, and teaches a
copy of itself that takes guidance as an input, by continuous-time consistency (sCM, https://arxiv.org/abs/2410.11081,
algorithm 1). The text encoder stays as it is.
"""

import random
import sys
from collections.abc import Callable

import torch
from diffusers import SanaTransformer2DModel
from torch import nn
from torch.func import functional_call, jvp
from torch.nn.attention import SDPBackend, sdpa_kernel

from pipeline.miniature.training import corpus, latents
from pipeline.miniature.training.descent import Descent, ready
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.prompts import Prompts
from pipeline.miniature.training.training_run import Run, averaged, half_precision
from pipeline.miniature.training.transformer import CONFIG, Miniature

SIGMA_DATA = 0.5  # the default of diffusers' SCMScheduler; scaled latents have a standard deviation of 1
GUIDANCE = (1.5, 6.0)  # the range of random guidance scales; chosen
GUIDANCE_SCALE = 0.1  # diffusers' default of `guidance_embeds_scale`
DECAY, RATE = 0.998, 5e-4  # chosen; the one training with them was too short to judge
BATCHES = {"cuda": 192, "cpu": 4}
TANGENT_WARMUP = 0.15  # share of the seconds over which the derivative is blended into the target; chosen
NORMALISER = 0.1  # the constant c of the sCM paper's tangent normalisation g / (|g| + c)
TIME_MEAN, TIME_STD = 0.0, 1.6  # of log(tan(t)); chosen: also times near the noise, where a single step starts


def build_student(weights: dict[str, torch.Tensor]) -> SanaTransformer2DModel:
    """Return a transformer with a guidance input. With its initial weights, it is the flow model of `weights`."""
    student = SanaTransformer2DModel(**CONFIG | {"guidance_embeds": True, "guidance_embeds_scale": GUIDANCE_SCALE})
    renamed = {
        key.replace("time_embed.emb.timestep_embedder", "time_embed.timestep_embedder"): value
        for key, value in weights.items()
    }
    missing, unexpected = student.load_state_dict(renamed, strict=False)
    if unexpected or any("guidance_embedder" not in key for key in missing):
        raise ValueError(f"the flow model does not fit: {missing}, {unexpected}")
    nn.init.zeros_(student.time_embed.guidance_embedder.linear_2.weight)
    nn.init.zeros_(student.time_embed.guidance_embedder.linear_2.bias)
    return student


def trig_flow(
    velocity: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], scaled: torch.Tensor, t: torch.Tensor
) -> torch.Tensor:
    """Return TrigFlow's F(x_t / sigma_data, t) of a flow model. The formula is that of diffusers' `SanaSprintPipeline`.

    `velocity(noisy, sigma)` is the flow model, `scaled` f32 [N, C, h, w] is x_t / sigma_data, and `t` f32 [N] is in
    (0, pi/2).
    """
    s = (t.sin() / (t.cos() + t.sin()))[:, None, None, None]
    norm = (s.square() + (1 - s).square()).sqrt()
    noisy = scaled * norm
    return ((1 - 2 * s) * noisy + (1 - 2 * s + 2 * s.square()) * velocity(noisy, s.flatten())) / norm


class Distillation:
    """A teacher with its text encoder, and a student with its loss. `empty` is the prompt of the negative branch."""

    def __init__(self, teacher: Miniature, student: SanaTransformer2DModel, empty: Prompts):
        self.teacher, self.student = teacher, student
        with torch.no_grad():
            self.empty, self.empty_mask = empty.encode(teacher.reader.text_encoder)

    def guided(
        self, scaled: torch.Tensor, t: torch.Tensor, text: torch.Tensor, mask: torch.Tensor, guidance: torch.Tensor
    ) -> torch.Tensor:
        """Return the teacher's TrigFlow F with classifier-free guidance, f32 [N, C, h, w]; `guidance` is f32 [N]."""
        empty = nn.functional.pad(self.empty, (0, 0, 0, text.shape[1] - self.empty.shape[1]))
        empty_mask = nn.functional.pad(self.empty_mask, (0, mask.shape[1] - self.empty_mask.shape[1]))
        texts = torch.cat((empty.expand(len(text), -1, -1), text))
        texts = texts.to(self.empty.dtype)
        masks = torch.cat((empty_mask.expand(len(text), -1), mask))

        def velocity(noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            with half_precision(noisy.device):
                both: torch.Tensor = self.teacher.transformer(
                    torch.cat((noisy, noisy)).to(texts.dtype), texts, timestep=torch.cat((sigma, sigma)),
                    encoder_attention_mask=masks, return_dict=False,
                )[0].float()  # fmt: skip
            without, given = both.chunk(2)
            return without + guidance[:, None, None, None] * (given - without)

        return trig_flow(velocity, scaled, t)

    def student_flow(
        self,
        weights: dict[str, torch.Tensor],
        scaled: torch.Tensor,
        t: torch.Tensor,
        text: torch.Tensor,
        mask: torch.Tensor,
        guidance: torch.Tensor,
    ) -> torch.Tensor:
        def velocity(noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            output: torch.Tensor = functional_call(
                self.student, weights, (noisy, text, sigma),
                {"guidance": guidance * GUIDANCE_SCALE, "encoder_attention_mask": mask.float(), "return_dict": False},
            )[0]  # fmt: skip
            return output.float()

        return trig_flow(velocity, scaled, t)

    def loss(self, original: torch.Tensor, prompts: Prompts, tangent_share: torch.Tensor) -> torch.Tensor:
        """Return the consistency loss of a batch of latents f32 [N, C, h, w], scaled to a standard deviation of 1.

        `tangent_share`, a scalar in [0, 1], is the share of the derivative in the target.
        """
        device, count = original.device, len(original)
        with torch.no_grad(), half_precision(device):
            text, mask = prompts.encode(self.teacher.reader.text_encoder)
        text = text.float()
        guidance = torch.rand(count, device=device) * (GUIDANCE[1] - GUIDANCE[0]) + GUIDANCE[0]
        t = (torch.randn(count, device=device) * TIME_STD + TIME_MEAN).exp().atan().clamp(0.02, 1.5706)
        t = torch.where(torch.rand(count, device=device) < 0.1, torch.full_like(t, 1.5706), t)
        cos, sin = t.cos()[:, None, None, None], t.sin()[:, None, None, None]
        scaled = cos * original + sin * torch.randn_like(original)  # x_t / sigma_data
        weights = dict(self.student.named_parameters())
        frozen = {name: value.detach() for name, value in weights.items()}
        with torch.no_grad():
            slope = SIGMA_DATA * self.guided(scaled, t, text, mask, guidance)  # dx_t / dt

            def flow(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
                return self.student_flow(frozen, x, time, text, mask, guidance)

            with sdpa_kernel(SDPBackend.MATH):
                value, change = jvp(  # type: ignore[misc]  # a pair, since has_aux is False
                    flow, (scaled, t), (cos * sin * slope / SIGMA_DATA, (cos * sin).flatten())
                )
            target = (
                -cos.square() * (SIGMA_DATA * value - slope)
                - tangent_share * cos * sin * (scaled * SIGMA_DATA)
                - tangent_share * SIGMA_DATA * change
            )
            length = target.flatten(1).norm(dim=1)[:, None, None, None] / target[0].numel() ** 0.5
            target = target / (length + NORMALISER)
        output = self.student_flow(weights, scaled, t, text, mask, guidance)  # in f32, as `value` is
        loss: torch.Tensor = (output - value - target).square().mean((1, 2, 3)).mean()
        return loss


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, and print the loss every 200 steps."""
    data = latents.load(device)
    _, prompts = corpus.load(device)
    teacher = Miniature().to(device)
    teacher.load_state_dict(averaged("transformer", device), strict=False)  # packed weights lack the temporary heads
    student = build_student(teacher.transformer.state_dict()).to(device)
    optimizer = torch.optim.AdamW(student.parameters(), RATE, betas=(0.9, 0.99), weight_decay=0.0, fused=True)
    run = Run("distillation", student, flatten(optimizer), seconds, DECAY)
    torch.manual_seed(run.step)
    rng = random.Random(run.step)
    one = torch.ones(1, dtype=torch.long, device=device)
    empty = Prompts(2 * one[None], one, one, 1)  # the token <bos> alone
    distillation = Distillation(ready(teacher.requires_grad_(False).eval()), student, empty)
    tangent_share = torch.zeros((), device=device)

    def losses(trained: nn.Module, size: str) -> tuple[torch.Tensor, ...]:
        rows, original = data.batch(size, BATCHES[torch.device(device).type])
        spoken = prompts[rows * corpus.PROMPTS_EACH + torch.randint(corpus.PROMPTS_EACH, rows.shape, device=device)]
        return (distillation.loss(original, spoken, tangent_share),)

    descend = Descent(run, losses, device, in_full=True)
    for step in run:
        tangent_share.fill_(min(1.0, run.progress / TANGENT_WARMUP))
        descend(data.random_size(rng))
        if step % 200 == 0:
            print(f"distillation: step {step} loss {descend.report()}, {run.seconds:.0f} s", flush=True)
    print(f"distillation: {run.step} steps in {run.seconds:.0f} s, loss {descend.report()}", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
