"""Measure what Ray adds to a picture, and how many pictures a minute replicas draw: `python -m tests.measure_cluster`.

With the miniature, or the folder that is named. The clusters are the program's own, on this machine: one replica with
all threads, then two that share them. One picture at a time is drawn in turns, in this process and on a replica.
Then as many are drawn at once as there are replicas. With --full-size, a model with random weights is made first, in
DIR, of Sprint 0.6B's shapes.
"""

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from pipeline import SanaPipeline
from pipeline.cluster.cluster import joined
from pipeline.cluster.cluster_flags import ReplicaRange
from pipeline.domain.errors import SanaError
from pipeline.domain.settings import GenerationSettings
from pipeline.jobs.model_sources import Pipeline
from pipeline.jobs.models import Models
from tests.benchmark.machine import describe
from tests.measure_full_size import NAMES, VARIANTS, exported
from tests.served import miniature_folder
from tests.waiting import wait_for

AIMS = "aim: 40 ms for the miniature, 2 % at full size"


@contextmanager
def on_replicas(folder: Path, count: int) -> Iterator[Pipeline]:
    """Yield the pipeline of a model on a cluster of this program's own, when all of its replicas draw."""
    from ray import serve

    def running() -> int:
        (application,) = serve.status().applications.values()
        return sum(each.replica_states.get("RUNNING", 0) for each in application.deployments.values())

    with joined("auto", "measure", ReplicaRange(count, count)) as cluster:
        models = Models(cluster.sources([str(folder)], "CPU"), have_own_machines=True)
        models.start(lambda progress: None)
        wait_for(lambda: running() == count, 300.0)
        pipeline = models.loaded(models.names[0])
        assert pipeline
        yield pipeline


def together(pipeline: Pipeline, asked: list[GenerationSettings], at_once: int = 1) -> float:
    """Return the seconds in which all are drawn."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda each: list(pipeline.generate(each)), asked))
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.measure_cluster", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--size", type=int, metavar="PIXELS", help="of both sides (default: the model's)")
    parser.add_argument("--full-size", action="store_true", help="make a full-size model in DIR, and measure that")
    options = parser.parse_args()
    if options.full_size and not options.folder:
        parser.error("--full-size needs DIR")
    if options.full_size:
        folder, *_ = exported(VARIANTS[NAMES[0]], options.folder)
    else:
        folder = options.folder or miniature_folder()
    pipe = SanaPipeline.from_pretrained(folder)
    size = {"width": options.size, "height": options.size, "use_resolution_binning": False} if options.size else {}
    asked = [pipe.settings(f"a red house, {run}", seed=run, **size) for run in range(options.runs + 2)]
    machine = describe()
    print(f"{machine['cpu']}, {machine['cores']} cores, load {os.getloadavg()[0]:.1f} at the start; {pipe.model.name}")
    print(f"Medians of {options.runs} pictures; {AIMS}\n")
    print("| replicas | threads of each | a picture | in one process | pictures a minute |\n|---|---|---|---|---|")
    print(row(folder, asked, 1, pipe), flush=True)
    del pipe  # two replicas take its memory
    try:
        print(row(folder, asked, 2), flush=True)
    except SanaError as error:
        print(f"2 replicas: {error}")


def row(folder: Path, asked: list[GenerationSettings], count: int, pipe: SanaPipeline | None = None) -> str:
    """Return the row of `count` replicas; pictures are also drawn one at a time, in turns with `pipe` if there is one.

    The first two of `asked` are not measured.
    """
    with on_replicas(folder, count) as pipeline:
        for _ in range(2):
            together(pipeline, asked[:count], count)  # compiles
            if pipe:
                list(pipe.generate(asked[0]))
        own, remote = [], []
        if pipe:
            for each in asked[2:]:
                own.append(together(pipe, [each]))
                remote.append(together(pipeline, [each]))
        rate = 60 * len(asked[2:]) / together(pipeline, asked[2:], count)
        one = f"{1000 * statistics.median(remote):.0f} ms" if remote else ""
        direct = f"{1000 * statistics.median(own):.0f} ms" if own else ""
        return f"| {count} | {pipeline.threads} | {one} | {direct} | {rate:.1f} |"


if __name__ == "__main__":
    main()
