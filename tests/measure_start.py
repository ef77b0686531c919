"""The start of a full-size model, as a table: `python -m tests.measure_start FOLDER [SECONDS]`.

FOLDER is what precompile.py wrote. Each row is a process of its own, after one that has filled the caches. It loads the
model, and draws two pictures with default settings: at once, or SECONDS (20) after the load, in which the program
compiles what a picture needs. Imports are not counted.
"""

import argparse
import subprocess
import sys

WAIT = 20.0  # seconds; chosen: longer than two cores compile Sprint 0.6B for 1024x1024
_TASK = """
import sys, time
from pipeline.jobs.model_sources import NamedSource
from pipeline.generation.pipeline import SanaPipeline
start = time.perf_counter()
pipe = NamedSource(sys.argv[1], "CPU").load(lambda progress: None)
print(time.perf_counter() - start)
time.sleep(float(sys.argv[2]))
for _ in range(2):
    start = time.perf_counter()
    pipe("a red house by the sea", seed=1)
    print(time.perf_counter() - start)
"""


def measure(folder: str, wait: float) -> list[float]:
    """Return the seconds of a load, and of the first and the second picture, drawn `wait` seconds after it."""
    command = [sys.executable, "-c", _TASK, folder, str(wait)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(line) for line in process.stdout.split()]


def main() -> None:
    """Print the table row by row."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure_start", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("seconds", type=float, nargs="?", default=WAIT)
    flags = parser.parse_args()
    measure(flags.folder, 0.0)
    print("| drawn | load | first picture | second picture |\n|---|---|---|---|")
    for words, wait in (("at once", 0.0), (f"{flags.seconds:g} s after the load", flags.seconds)):
        values = " | ".join(f"{value:.1f} s" for value in measure(flags.folder, wait))
        print(f"| {words} | {values} |", flush=True)


if __name__ == "__main__":
    main()
