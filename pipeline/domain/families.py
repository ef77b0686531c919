"""The families of Sana, registered by their pipeline class in diffusers.

`generation/samplers` has the denoising loop of each family.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Family:
    """A family of models that share a denoising loop.

    `name` appears in manifests and records, `title` in prose. `pipeline_class` and `schedulers` are names of diffusers
    classes. `embeds_guidance` is true if the transformer takes the guidance scale as an input, in place of a second,
    negative branch. `image_strength` and `image_steps` are the defaults where a picture is given; steps of None are
    those of the model. `schedule` names the parameters that change the noise levels of its steps. `step_shares` are the
    shares of the model's default steps that the faster presets take.
    """

    name: str
    title: str
    pipeline_class: str
    has_negative_prompt: bool
    embeds_guidance: bool
    schedulers: tuple[str, ...]
    image_strength: float
    schedule: frozenset[str]
    image_steps: int | None = None
    step_shares: Mapping[str, float] = field(default_factory=dict, hash=False)

    def branches(self, guidance_scale: float) -> int:
        """Return the number of latents per picture that go through the transformer.

        As in diffusers, a scale of 1 or less needs no negative branch.
        """
        return 2 if not self.embeds_guidance and guidance_scale > 1 else 1


FLOW = Family(
    "flow",
    "Sana",
    "SanaPipeline",
    has_negative_prompt=True,
    embeds_guidance=False,
    schedulers=("DPMSolverMultistepScheduler", "FlowMatchEulerDiscreteScheduler"),
    image_strength=0.6,  # as diffusers' image-to-image pipelines of other flow models
    schedule=frozenset({"flow_shift"}),
    # 12 and 9 of 20 steps: measured by `pipeline/miniature/training/steps.py`, and told in the miniature's README.
    step_shares={"balanced": 0.6, "fastest": 0.45},
)
SPRINT = Family(
    "sprint",
    "Sana-Sprint",
    "SanaSprintPipeline",
    has_negative_prompt=False,
    embeds_guidance=True,
    schedulers=("SCMScheduler",),
    # Of two steps, any strength over 0.5 runs both and so ignores the picture; 0.5 of four runs the last two.
    image_strength=0.5,
    schedule=frozenset({"max_timesteps", "intermediate_timesteps", "timesteps"}),
    image_steps=4,
)

FAMILIES = {family.pipeline_class: family for family in (FLOW, SPRINT)}
"""Keyed by diffusers' pipeline class."""


def find_family(name: object) -> Family:
    """Return the family with this name; raise KeyError if there is none."""
    return {family.name: family for family in FAMILIES.values()}[str(name)]
