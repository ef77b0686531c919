"""Read changed contents for some minutes, and keep what a reader neither took nor refused: a test reads it again."""

import argparse
import hashlib
import sys
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from .changed import changed
from .readers import READERS, take_or_refuse

FOUND = Path(__file__).parent / "found"
ROUND = 500  # contents between two looks at the clock


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("reader", choices=[*READERS, "all"], help="'all' gives each its share of the minutes")
    parser.add_argument("minutes", type=float)
    options = parser.parse_args()
    names = list(READERS) if options.reader == "all" else [options.reader]
    found = 0
    for name in names:
        count, finding = fuzz(name, 60 * options.minutes / len(names))
        found += finding is not None
        print(f"{name}: {count} contents, {f'FOUND {finding}' if finding else 'no finding'}", flush=True)
    return 1 if found else 0


def fuzz(name: str, seconds: float) -> tuple[int, Path | None]:
    """Return how many contents were read, and the file of the smallest one that was neither taken nor refused."""
    end = time.monotonic() + seconds
    count, failing = 0, b""

    @settings(
        max_examples=ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
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
            return count, _keep(name, failing)
    return count, None


def _keep(name: str, content: bytes) -> Path:
    path = FOUND / name.replace("/", "-") / hashlib.sha256(content).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    sys.exit(main())
