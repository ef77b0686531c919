"""Contents that lead to new places of a reader's code: `python -m tests.fuzz.coverage_guided READER KIND SECONDS`.

Atheris (https://github.com/google/atheris) chooses bytes. They are the contents (KIND is `bytes`), or what `changed`
draws from (KIND is `changes`). Bytes that led to new places are in FOLDER, and the next run begins with them. What took
too much memory is there as `oom-...`, since libFuzzer ends the process then.
"""

import os
import signal
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
LONGEST, SLOWEST = 8192, 30  # bytes, and seconds of the processor for one content; chosen
STUCK = 10 * SLOWEST  # seconds by the clock until libFuzzer ends a process that does not hear its timer; chosen


class TooSlow(BaseException):
    """A content takes more than SLOWEST. Readers that turn each Exception into a sentence do not catch it."""


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
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST)
        try:
            take_or_refuse(name, content)
        except (Exception, TooSlow):
            print(count, flush=True)
            keep(name, content)
            raise
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    @PATIENT
    @given(changed(READERS[name].seeds))
    def read_changed(content: bytes) -> None:
        read(content)

    for number, content in enumerate(READERS[name].seeds if kind == "bytes" else ()):
        (folder / f"seed-{number}").write_bytes(content)
    limits = [f"-max_len={LONGEST}", f"-timeout={STUCK}", f"-artifact_prefix={folder}/", "-verbosity=0"]
    by_choices = read_changed.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # what `given` adds has no type
    signal.signal(signal.SIGVTALRM, _end_slow)
    atheris.Setup(["fuzz", *limits, str(folder)], read if kind == "bytes" else by_choices)
    atheris.Fuzz()


def _end_slow(*_: object) -> None:
    raise TooSlow(f"This takes more than {SLOWEST} seconds.")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
