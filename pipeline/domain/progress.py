"""The progress of a long task: an export, a download, an upload, the loading of a model."""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

MACHINE = "machine"  # the stage of waiting for a machine that draws


@dataclass(frozen=True)
class Progress:
    """One report of a long task.

    `stage` names the task for programs ("export", "fetch", "load", ...), `text` is an English sentence for people.
    `done` of `total` counts parts or bytes, depending on the stage; None if unknown.
    """

    stage: str
    text: str
    done: float | None = None
    total: float | None = None


OnProgress = Callable[[Progress], object]


def print_progress(progress: Progress) -> None:
    """Print the sentence and flush stdout.

    The console never ends the task: characters outside of its encoding are escaped, and errors of a closed or full
    one are ignored.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with suppress(OSError, ValueError):  # ValueError: a closed file
        print(progress.text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
