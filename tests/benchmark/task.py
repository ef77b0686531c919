"""The pictures that a side of the comparison draws. Standard library only: optimum-intel's environment reads it too."""

import dataclasses
import json
from dataclasses import dataclass

PROMPT = "a red house near the sea"
GUIDANCE = 4.5
SEED = 0


@dataclass(frozen=True)
class Task:
    """Pictures of `size` x `size` pixels in `steps` steps, `images` at once, `runs` times after a warm-up.

    The warm-up is no larger than `warm_up_size`. `model` is the folder to load, `instruction` the text before each
    prompt, `precision` the one to compute in ("" for the side's own choice), `draft` whether to use the draft decoder,
    and `picture` the file for the last run's first picture ("" for none).
    """

    model: str
    instruction: tuple[str, ...]
    size: int
    steps: int
    images: int
    runs: int
    warm_up_size: int
    precision: str = ""
    draft: bool = False
    picture: str = ""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Task":
        values = json.loads(text)
        return cls(**{**values, "instruction": tuple(values["instruction"])})
