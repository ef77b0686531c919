"""Contents that lead to new places of a reader's code: `python -m tests.fuzz.coverage_guided READER KIND SECONDS`.

Atheris (https://github.com/google/atheris) chooses bytes. They are the contents (KIND is `bytes`), or what `changed`
draws from (KIND is `changes`). Bytes that led to new places are in FOLDER, and the next run begins with them, as are
those that took too long (`timeout-...`) or too much memory (`oom-...`).
"""

import os
import sys
import time
from pathlib import Path

import atheris
from hypothesis import given

with atheris.instrument_imports(include=["pipeline"]):
    from .readers import READERS, take_or_refuse

from .changed import PATIENT, changed
from .finding import file_name, keep

FOLDER = Path(".fuzz")
LONGEST, SLOWEST = 8192, 30  # bytes, and seconds for one content; chosen


def main(name: str, kind: str, seconds: float) -> None:
    """Read contents for `seconds`, print how many, and end; a finding is kept, and ends the run with status 1."""
    end, count = time.monotonic() + seconds, 0
    folder = FOLDER / file_name(name) / kind
    folder.mkdir(parents=True, exist_ok=True)

    def read(content: bytes) -> None:
        nonlocal count
        if time.monotonic() > end:
            print(count, flush=True)
            os._exit(0)  # libFuzzer has no other end
        count += 1
        try:
            take_or_refuse(name, content)
        except Exception:
            keep(name, content)
            raise

    @PATIENT
    @given(changed(READERS[name].seeds))
    def read_changed(content: bytes) -> None:
        read(content)

    for number, content in enumerate(READERS[name].seeds if kind == "bytes" else ()):
        (folder / f"seed-{number}").write_bytes(content)
    limits = [f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-artifact_prefix={folder}/", "-verbosity=0"]
    by_choices = read_changed.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # what `given` adds has no type
    atheris.Setup(["fuzz", *limits, str(folder)], read if kind == "bytes" else by_choices)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
