"""How far a long task is, as a record: what is told while a model is exported, fetched, published or loaded."""

import sys
from collections.abc import Callable
from contextlib import suppress
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
    """Print the sentence at once, also into a pipe.

    No console ends the work: what its encoding lacks is escaped, and one that is closed or full is told nothing.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with suppress(OSError, ValueError):  # ValueError: a closed file
        print(progress.text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
