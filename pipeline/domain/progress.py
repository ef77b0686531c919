"""How far a long task is, as a record: what is told while a model is exported, fetched, published or loaded."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """`stage` names the task for programs ("export", "fetch", "load", ...), `text` says it in an English sentence.

    `done` of `total` is how much of it is behind, in parts or bytes as the stage has it; None where that is not known.
    """

    stage: str
    text: str
    done: float | None = None
    total: float | None = None


OnProgress = Callable[[Progress], object]


def print_progress(progress: Progress) -> None:
    """Print the sentence at once, also into a pipe."""
    print(progress.text, flush=True)
