"""`results.jsonl`: one line for each picture asked for, in their order."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..domain.json_text import json_object
from ..model_folder.whole_files import write_whole

FILE = "results.jsonl"
EVERY = 2.0  # seconds between two writings of the whole file; chosen: thousands of lines are written in less


@dataclass(frozen=True)
class ResultLine:
    """What came of a picture: its file, relative to the folder, or the error. `seconds` are those of its drawing."""

    prompt: str
    seed: int | None
    file: str | None
    seconds: float | None
    error: str | None


class Results:
    """The lines so far. The file is written whole, and holds the lines of a killed run up to some seconds before."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[ResultLine] = []
        self._path = folder / FILE
        self._known = _read_seconds(self._path)
        self._written = time.monotonic()

    def seconds(self, file: str) -> float | None:
        """Return how long an earlier run drew a file; None if unknown."""
        return self._known.get(file)

    def add(self, line: ResultLine) -> None:
        self.lines.append(line)
        if time.monotonic() > self._written + EVERY:
            self.write()

    def write(self) -> None:
        """Write all lines; raise OSError."""
        write_whole(self._path, "".join(json.dumps(asdict(line)) + "\n" for line in self.lines))
        self._written = time.monotonic()


def _read_seconds(path: Path) -> Mapping[str, float]:
    seconds: dict[str, float] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json_object(line)
            if isinstance(record["file"], str) and isinstance(record["seconds"], float):
                seconds[record["file"]] = record["seconds"]
    except (OSError, ValueError, KeyError):  # none yet, or not ours
        pass
    return seconds
