"""What one model variant does when nothing else is asked for, and the sizes it can make."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Defaults:
    """Defaults and size limits of a model; sides in pixels. Stored in the manifest of its IR folder."""

    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    min_size: int
    max_size: int
