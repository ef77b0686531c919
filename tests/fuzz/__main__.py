"""Read changed contents for some minutes, and keep what a reader neither took nor refused: a test reads it again.

Where atheris is installed, it leads the changes to new places of the code.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
import traceback

from hypothesis import given, seed, settings

from .changed import PATIENT, changed
from .finding import keep
from .readers import READERS, take_or_refuse

ROUND = 500  # contents between two looks at the clock
LEFT = 600.0  # seconds for a process to start and to end on a busy machine; chosen
SHOWN = 3000  # characters of what an error printed; chosen


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("reader", choices=[*READERS, "all"], help="'all' gives each its share of the minutes")
    parser.add_argument("minutes", type=float)
    options = parser.parse_args()
    names = list(READERS) if options.reader == "all" else [options.reader]
    fuzz = fuzz_by_coverage if importlib.util.find_spec("atheris") else fuzz_at_random
    found = 0
    print("| reader | contents | findings |\n|---|---|---|", flush=True)
    for name in names:
        count, findings = fuzz(name, 60 * options.minutes / len(names))
        found += findings
        print(f"| {name} | {count:,} | {findings} |", flush=True)
    return 1 if found else 0


def fuzz_by_coverage(name: str, seconds: float) -> tuple[int, int]:
    """Return how many contents were read, and the findings, which ended the reading, of both kinds of changes.

    Each kind is read in a process of its own, both at once.
    """
    command = [sys.executable, "-m", "tests.fuzz.coverage_guided", name]
    count = findings = 0
    with tempfile.TemporaryDirectory() as temporary:  # libFuzzer ends a process without its own tidying up
        processes = [
            subprocess.Popen(
                [*command, kind, str(seconds)],
                env={**os.environ, "TMPDIR": temporary},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
            for kind in ("bytes", "changes")
        ]
        for process in processes:
            told, errors = process.communicate(timeout=seconds + LEFT)
            count += int(told.split()[-1]) if told.strip() else 0  # nothing if the process was ended
            if process.returncode:
                findings += 1
                print(errors[-SHOWN:], file=sys.stderr)
    return count, findings


def fuzz_at_random(name: str, seconds: float) -> tuple[int, int]:
    """Return how many contents were read, and 1 if there was a finding, which ended the reading, else 0."""
    end = time.monotonic() + seconds
    count, failing = 0, b""

    @settings(PATIENT, max_examples=ROUND, print_blob=False)
    @given(changed(READERS[name].seeds))
    def read(content: bytes) -> None:
        nonlocal count, failing
        count += 1
        try:
            take_or_refuse(name, content)
        except Exception:
            failing = content
            raise

    while time.monotonic() < end:
        try:
            seed(time.time_ns())(read)()
        except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
            traceback.print_exc(limit=-4)
            print(f"kept as {keep(name, failing)}", file=sys.stderr)
            return count, 1
    return count, 0


if __name__ == "__main__":
    sys.exit(main())
