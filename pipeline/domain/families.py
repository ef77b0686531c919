"""The families of Sana: what differs between them, registered by the pipeline class that diffusers has for each.

The loop of a family stands in `generation/samplers`, which has an entry for each.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """`name` is the family's in manifests and records, `title` in prose, `pipeline_class` that of diffusers.

    `schedulers` are the classes of diffusers that its loop runs with. `embeds_guidance`: the guidance scale is an input
    of the transformer, instead of a second, negative branch.
    """

    name: str
    title: str
    pipeline_class: str
    has_negative_prompt: bool
    embeds_guidance: bool
    schedulers: tuple[str, ...]

    def branches(self, guidance_scale: float) -> int:
        """Return how many latents go through the transformer for each picture.

        As in diffusers, a scale of 1 or less computes no negative branch.
        """
        return 2 if not self.embeds_guidance and guidance_scale > 1 else 1


FLOW = Family(
    "flow",
    "Sana",
    "SanaPipeline",
    has_negative_prompt=True,
    embeds_guidance=False,
    schedulers=("DPMSolverMultistepScheduler", "FlowMatchEulerDiscreteScheduler"),
)
SPRINT = Family(
    "sprint",
    "Sana-Sprint",
    "SanaSprintPipeline",
    has_negative_prompt=False,
    embeds_guidance=True,
    schedulers=("SCMScheduler",),
)

FAMILIES = {family.pipeline_class: family for family in (FLOW, SPRINT)}
"""By diffusers' pipeline class."""


def find_family(name: object) -> Family:
    """Return the family of that name; raise KeyError for an unknown one."""
    return {family.name: family for family in FAMILIES.values()}[str(name)]
