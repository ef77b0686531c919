"""One benchmark: models written or reused, every side measured, results kept as they come."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.artifacts import read_manifest
from pipeline.export.parity import psnr
from pipeline.settings import check_size

from . import models, optimum, process
from .machine import describe
from .task import Task

OTHERS = ("diffusers", "optimum-intel")
REFERENCE = "diffusers f32"  # whose picture the others' are compared with
Side = dict[str, Any]


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """The results, which results.json in the folder holds as well, as far as they are known. Raises SanaError."""
    for size in (options.size, *options.sizes):
        check_size("size", size)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = (options.checkpoint or models.checkpoint(folder / "checkpoint")).resolve()
    models.check(checkpoint)
    ours = {name: models.precompiled(checkpoint, folder / f"ours-{name}", name) for name in options.compressions}
    first = options.compressions[0]
    task = Task(
        model=str(ours[first]),
        instruction=tuple(read_manifest(ours[first]).complex_human_instruction),
        size=options.size,
        steps=options.steps,
        images=1,
        runs=options.runs,
        warm_up_size=options.size,
    )
    results: dict[str, Any] = {"machine": describe(), "size": task.size, "steps": task.steps, "runs": task.runs}
    results["roofline"] = process.run("roofline", f"{checkpoint}\n{task.size}", folder / "roofline.log")
    results |= {"sides": [], "grown": first, "growth": []}
    for side in _sides(task, ours, checkpoint, options.against, folder, results["roofline"]["peak"]):
        _keep(results, "sides", side, folder)
    _compare_pictures(results["sides"], folder)
    for grown in _growth(task, options):
        record = _measured("side_ours", grown, folder)
        _keep(results, "growth", {"size": grown.size, "steps": grown.steps, "images": grown.images} | record, folder)
    _write(results, folder)
    return results


def _sides(
    task: Task, ours: dict[str, Path], checkpoint: Path, against: list[str], folder: Path, peak: dict[str, float]
) -> Iterator[Side]:
    """Each side's "name", "work" (a key of the roofline's "flop") and what it measured."""
    for compression, model in ours.items():
        yield _side(f"this project, {compression}", "real", "side_ours", replace(task, model=str(model)), folder)
    if "diffusers" in against:
        for precision in ("f32", "bf16"):
            if peak[precision] >= peak["f32"]:  # torch offers bf16 on any CPU, but it is no gain on all of them
                of_torch = replace(task, model=str(checkpoint), precision=precision)
                yield _side(f"diffusers {precision}", "padded", "side_diffusers", of_torch, folder)
    if "optimum-intel" in against:
        python = optimum.environment(folder / "optimum-environment")
        exported = optimum.exported(python, checkpoint, folder / "optimum-int8", folder / "optimum_export.log")
        task = replace(task, model=str(exported))
        side = _side("optimum-intel int8", "padded", "side_optimum", task, folder, python)
        yield side
        if side.get("precision", "f32") != "f32":  # what OpenVINO chose; ours is exact
            exact = replace(task, precision="f32")
            yield _side("optimum-intel int8 in f32", "padded", "side_optimum", exact, folder, python)


def _side(name: str, work: str, module: str, task: Task, folder: Path, python: Path | None = None) -> Side:
    picture = _picture(folder, name)
    picture.unlink(missing_ok=True)  # of an earlier benchmark
    return {"name": name, "work": work} | _measured(module, replace(task, picture=str(picture)), folder, python)


def _picture(folder: Path, name: str) -> Path:
    return folder / f"{name}.png"


def _measured(module: str, task: Task, folder: Path, python: Path | None = None) -> dict[str, Any]:
    return process.run(module, task.to_json(), folder / f"{module}.log", str(python or sys.executable))


def _compare_pictures(sides: list[Side], folder: Path) -> None:
    """Adds to each side "psnr_db" of its picture against the reference's, if both were drawn."""
    pictures = {side["name"]: _picture(folder, side["name"]) for side in sides}
    pixels = {name: np.asarray(Image.open(path)) for name, path in pictures.items() if path.is_file()}
    for side in sides:
        if REFERENCE in pixels and side["name"] in pixels:
            side["psnr_db"] = round(psnr(pixels[side["name"]], pixels[REFERENCE], peak=255), 1)


def _growth(task: Task, options: argparse.Namespace) -> list[Task]:
    tasks = [replace(task, size=size) for size in options.sizes]
    tasks += [replace(task, steps=steps) for steps in options.step_counts]
    tasks += [replace(task, images=images) for images in options.image_counts]
    return list(dict.fromkeys(tasks))  # where they start from is measured once


def _keep(results: dict[str, Any], place: str, record: dict[str, Any], folder: Path) -> None:
    results[place].append(record)
    _write(results, folder)
    print(f"measured: {json.dumps(record)}", file=sys.stderr, flush=True)


def _write(results: dict[str, Any], folder: Path) -> None:
    (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
