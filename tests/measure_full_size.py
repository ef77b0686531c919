"""Export full-size random checkpoints to int8 and draw one picture with each: time, memory and disk as a table.

`python -m tests.measure_full_size FOLDER [NAME ...]` takes hours and, for a while, some 20 GB in FOLDER; each
checkpoint is removed after its row. Two steps are enough: each costs the same. "Stop" is the longest time between two
updates of a picture, which a Stop may have to wait: the first step with the text before it, or the longest band.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from pipeline.domain.catalogue import CATALOGUE, ModelVariant
from tests.full_size import build

VARIANTS = {variant.name: variant for variant in CATALOGUE}
NAMES = (
    "Sana_Sprint_0.6B_1024px_diffusers",
    "Sana_600M_512px_diffusers",
    "SANA1.5_1.6B_1024px_diffusers",
    "Sana_1600M_4Kpx_BF16_diffusers",
)
DRAW = """
import json, sys, time
from pipeline import SanaPipeline
start = time.perf_counter()
pipe = SanaPipeline.from_pretrained(sys.argv[1])
loaded = time.perf_counter()
settings = pipe.settings("a red house near the sea", num_inference_steps=2, guidance_scale=float(sys.argv[2]))
told = [time.perf_counter()]
for update in pipe.generate(settings):
    told.append(time.perf_counter())
# what a Stop may have to wait for: a step or a band
longest = max(after - before for before, after in zip(told, told[1:]))
print(json.dumps({"load": loaded - start, **update.times, "longest": longest, "precision": pipe.precision}))
"""


def measured(command: list[str]) -> tuple[str, float, float]:
    """Return output, seconds and peak memory in bytes of a process; exit if it fails."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:3])} ended with status {process.returncode}.")
    return output, time.perf_counter() - start, usage.ru_maxrss * 1024


def exported(variant: ModelVariant, folder: Path) -> tuple[Path, float, float]:
    """Export a random checkpoint; return the IR folder, and the seconds and the peak memory in bytes that it took."""
    checkpoint, output = folder / variant.name, folder / f"{variant.name}-int8"
    if not checkpoint.exists():
        build(variant, checkpoint)
    shutil.rmtree(output, ignore_errors=True)
    export = [sys.executable, "precompile.py", "--model", str(checkpoint), "--output", str(output)]
    _, seconds, memory = measured([*export, "--compression", "int8"])
    shutil.rmtree(checkpoint)
    return output, seconds, memory


def row(variant: ModelVariant, folder: Path) -> str:
    output, export_seconds, export_memory = exported(variant, folder)
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    # two branches of 4096x4096 pictures would only take twice as long
    guidance = "1" if variant.size == 4096 else str(variant.guidance)
    text, _, draw_memory = measured([sys.executable, "-c", DRAW, str(output), guidance])
    times = json.loads(text.splitlines()[-1])
    return (
        f"| {variant.name} | {export_seconds / 60:.1f} min | {export_memory / 1e9:.1f} GB | {size / 1e9:.2f} GB | "
        f"{times['load']:.0f} s | {times['text_encoder']:.1f} s | {times['transformer'] / 2:.1f} s | "
        f"{times['vae_decoder']:.0f} s | {times['longest']:.0f} s | {draw_memory / 1e9:.1f} GB | {times['precision']} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in VARIANTS]
    if unknown:
        parser.error(f"unknown checkpoint {unknown[0]}; choose from {', '.join(VARIANTS)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| checkpoint | precompile | its memory | folder | load | text | step | decode | Stop | memory | in |")
    print(f"|{'---|' * 11}")
    for name in options.names or NAMES:
        print(row(VARIANTS[name], options.folder), flush=True)


if __name__ == "__main__":
    main()
