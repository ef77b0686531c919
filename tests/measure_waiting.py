"""Measure how long requests wait for replicas, beside what is simulated and planned: `python -m tests.measure_waiting`.

The replicas are Ray's, in clusters of the program's own: one and two of the miniature, which share the cores of this
machine, and four that sleep as long as one picture of the miniature takes. Requests come as the simulation lets them
come, and wait in the program's own queue. A picture of the simulation and of the formula takes the mean of the run.
"""

import argparse
import os
import random
import statistics
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline import SanaPipeline
from pipeline.cluster.cluster import joined
from pipeline.cluster.cluster_flags import ReplicaRange
from pipeline.cluster.deployment import Deployment
from pipeline.cluster.model_spec import ModelSpec
from pipeline.cluster.queueing_theory import waiting_seconds
from pipeline.cluster.remote_pipeline import RemotePipeline
from pipeline.domain.progress import OnProgress
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import AnyUpdate, Result, Update
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.model_sources import Pipeline
from tests.benchmark.machine import describe
from tests.descriptions import MODEL
from tests.measure_cluster import on_replicas, together
from tests.queue_simulation import WARM_UP, simulate
from tests.served import miniature_folder
from tests.waiting import wait_for

BUSY = 0.75  # the share of time in which replicas draw; chosen: much of the waiting of a busy day, and still steady


@dataclass(frozen=True)
class SleepingSpec(ModelSpec):
    """A model that draws nothing, and takes `seconds` for it."""

    seconds: float = 0.0

    def source(self, max_threads: int | None = None) -> Any:
        return self

    def load(self, on_progress: OnProgress) -> "Sleeper":
        return Sleeper(self.seconds)


class Sleeper:
    threads, precision, prompt_tokens = 0, "none", None

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def generate(self, settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
        time.sleep(self._seconds)
        yield Result([], settings, {})


@contextmanager
def sleeping(count: int, seconds: float) -> Iterator[Pipeline]:
    """Yield the pipeline of replicas that sleep, when all of them run."""
    with joined("auto", "measure", ReplicaRange(count, count)):
        deployment = Deployment("asleep", SleepingSpec(None, "CPU", seconds=seconds), ReplicaRange(count, count), 0, 1)
        deployment.start()
        wait_for(lambda: len(deployment.places("RUNNING")) == count, 300.0)
        yield RemotePipeline(MODEL, deployment, deployment.wait(lambda progress: None))
        deployment.end()


def measure(
    pipeline: Pipeline, asked: Sequence[GenerationSettings], rate: float, at_once: int, seed: int
) -> tuple[float, float]:
    """Ask as `simulate` does with this seed; return the mean seconds of waiting, and those of drawing."""
    queue, chance = JobQueue(len(asked), 1, at_once), random.Random(seed)
    waits, drawing = [0.0] * len(asked), [0.0] * len(asked)
    is_over = threading.Semaphore(0)

    def submit(number: int) -> None:
        submitted = time.monotonic()

        def draw() -> Generator[AnyUpdate, None, None]:
            begun = time.monotonic()
            waits[number] = begun - submitted
            yield from pipeline.generate(asked[number])
            drawing[number] = time.monotonic() - begun

        queue.submit(draw, f"{number}", on_finish=lambda job: is_over.release())

    due = time.monotonic()
    for number in range(len(asked)):
        due += chance.expovariate(rate)
        time.sleep(max(due - time.monotonic(), 0.0))
        submit(number)
    for _ in asked:
        is_over.acquire()
    return statistics.mean(waits[int(WARM_UP * len(asked)) :]), statistics.mean(drawing)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.measure_waiting", description=__doc__)
    parser.add_argument("--requests", type=int, default=150, help="of each row; chosen: three minutes each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = miniature_folder()
    pipe = SanaPipeline.from_pretrained(folder)
    asked = [pipe.settings(f"a red house, {number}", seed=number) for number in range(options.requests)]
    machine = describe()
    print(f"{machine['cpu']}, {machine['cores']} cores, load {os.getloadavg()[0]:.1f} at the start")
    print("| replicas | a picture | busy | waited | simulated | formula |\n|---|---|---|---|---|---|")

    def row(name: str, pipeline: Pipeline, count: int) -> float:
        for _ in range(2):  # compiles; what is drawn at once takes longer
            seconds = together(pipeline, asked[:count], count)
        rate = BUSY * count / seconds
        waited, drawn = measure(pipeline, asked, rate, count, options.seed)
        simulated = simulate(rate, drawn, count, len(asked), options.seed)
        formula = waiting_seconds(rate, drawn, count)
        busy = rate * drawn / count
        print(
            f"| {name} | {drawn:.2f} s | {busy:.0%} | {waited:.2f} s | {simulated:.2f} s | {formula:.2f} s |",
            flush=True,
        )
        return drawn

    with on_replicas(folder, 1) as pipeline:
        seconds = row("1", pipeline, 1)
    with on_replicas(folder, 2) as pipeline:
        row("2", pipeline, 2)
    with sleeping(4, seconds) as pipeline:
        row("4, asleep", pipeline, 4)


if __name__ == "__main__":
    main()
