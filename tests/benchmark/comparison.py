"""One benchmark: write or reuse the models, measure each side, keep the results as they come."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.domain.errors import SettingsError
from pipeline.domain.size_parameters import WIDTH
from pipeline.model_folder.manifest import read_manifest
from pipeline.model_folder.parity import psnr
from pipeline.runtime.device import EXACT, Device

from . import models, optimum, process
from .machine import describe
from .report import REFERENCE
from .task import Task

OTHERS = ("diffusers", "optimum-intel")


@dataclass(frozen=True)
class Side:
    """One row of the tables: the module that draws, its Python, and the names that flop.py gives to its work."""

    name: str
    module: str
    task: Task
    text: str = "padded"
    vae: str = "vae"
    python: str = sys.executable


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Return the results; results.json in the folder holds the same, as far as they are known. Raise SanaError."""
    for size in (options.size, *options.sizes):
        if problem := replace(WIDTH, noun="size").problem(size):
            raise SettingsError(problem)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = (options.checkpoint or models.checkpoint(folder / "checkpoint")).resolve()
    models.check(checkpoint)
    vaes = [models.vae(name, folder) for name in options.vaes]
    draft = models.draft(options.draft, folder)
    decoders = [*vaes, draft] if draft else vaes
    ours = list(_ours(options, checkpoint, vaes, draft, folder))
    results: dict[str, Any] = {
        "machine": describe(),
        "size": options.size,
        "steps": options.steps,
        "runs": options.runs,
        "peak": process.run("peak", [], folder),
        **process.run("flop", [str(checkpoint), str(options.size), *map(str, decoders)], folder),
        "sides": [],
        "grown": ours[0].name,
        "growth": [],
    }
    for side in (*ours, *_others(ours[0].task, options.against, checkpoint, folder)):
        picture = _picture(folder, side.name)
        picture.unlink(missing_ok=True)  # of an earlier benchmark
        record = process.run(side.module, [replace(side.task, picture=str(picture)).to_json()], folder, side.python)
        _keep(results, "sides", {"name": side.name, "text": side.text, "vae": side.vae, **record}, folder)
    _compare_pictures(results["sides"], folder)
    _write(results, folder)
    for task in _growth(ours[0].task, options):
        record = process.run("side_ours", [task.to_json()], folder)
        _keep(results, "growth", {"size": task.size, "steps": task.steps, "images": task.images, **record}, folder)
    return results


def _ours(
    options: argparse.Namespace, checkpoint: Path, vaes: list[Path], draft: Path | None, folder: Path
) -> Iterator[Side]:
    """Yield each compression with the checkpoint's decoder, then the first with each other decoder and the draft."""
    first, *others = options.compressions
    own = [(first, draft), *((name, None) for name in others)]
    for compression, vae in own + [(first, vae) for vae in vaes]:
        other = vae.name if vae in vaes else ""
        name = f"{compression} with {other}" if other else compression
        model = models.precompiled(checkpoint, folder / f"ours-{name.replace(' ', '-')}", compression, vae)
        task = Task(
            model=str(model),
            instruction=tuple(read_manifest(model).complex_human_instruction),
            size=options.size,
            steps=options.steps,
            images=1,
            runs=options.runs,
            warm_up_size=options.size,
        )
        side = Side(f"this project, {name}", "side_ours", task, text="real", vae=other or "vae")
        yield side
        if vae and vae == draft:  # the folder has both decoders
            yield replace(side, name=f"{side.name} with {vae.stem}", task=replace(task, draft=True), vae=vae.name)


def _others(task: Task, against: list[str], checkpoint: Path, folder: Path) -> Iterator[Side]:
    """Yield the other projects' sides in f32, as fp16 computes here, and in bf16 where OpenVINO would choose it."""
    precisions = dict.fromkeys([EXACT, Device().fast_precision])
    if "diffusers" in against:
        for precision in precisions:
            of_torch = replace(task, model=str(checkpoint), precision=precision)
            yield Side(f"diffusers in {precision}", "side_diffusers", of_torch)
    if "optimum-intel" in against:
        python = str(optimum.environment(folder / "optimum-environment"))
        # another checkpoint gets another folder
        fingerprint = str(read_manifest(Path(task.model)).model.revision).rpartition(":")[2]
        exported = str(optimum.exported(python, checkpoint, folder / f"optimum-int8-{fingerprint}"))
        for precision in precisions:
            of_export = replace(task, model=exported, precision=precision)
            yield Side(f"optimum-intel int8 in {precision}", "side_optimum", of_export, python=python)


def _growth(task: Task, options: argparse.Namespace) -> list[Task]:
    tasks = [replace(task, size=size) for size in options.sizes]
    tasks += [replace(task, steps=steps) for steps in options.step_counts]
    tasks += [replace(task, images=images) for images in options.image_counts]
    return list(dict.fromkeys(tasks))  # their common start is measured once


def _compare_pictures(sides: list[dict[str, Any]], folder: Path) -> None:
    """Add "psnr_db" to each side with the reference's decoder: its picture against the reference's, if there is one."""
    paths = {side["name"]: _picture(folder, side["name"]) for side in sides if side["vae"] == "vae"}
    pixels = {name: np.asarray(Image.open(path)) for name, path in paths.items() if path.is_file()}
    reference = pixels.pop(REFERENCE, None)
    for side in sides:
        if reference is not None and side["name"] in pixels:
            side["psnr_db"] = round(psnr(pixels[side["name"]], reference, peak=255), 1)


def _picture(folder: Path, name: str) -> Path:
    return folder / f"{name}.png"


def _keep(results: dict[str, Any], place: str, record: dict[str, Any], folder: Path) -> None:
    results[place].append(record)
    _write(results, folder)
    print(f"measured: {json.dumps(record)}", file=sys.stderr, flush=True)


def _write(results: dict[str, Any], folder: Path) -> None:
    (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
