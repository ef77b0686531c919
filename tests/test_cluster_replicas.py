"""Replicas of a tiny model on a Ray cluster of the program's own: the page, Stop, and what happens when one is killed.

The cluster is started once; it costs more than all that is done with it.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from app import build_service
from pipeline import SanaPipeline
from pipeline.cluster.cluster import joined
from pipeline.cluster.cluster_flags import ReplicaRange
from pipeline.cluster.remote_pipeline import RemotePipeline
from pipeline.domain.settings import NUM_IMAGES, NUM_INFERENCE_STEPS
from pipeline.domain.updates import AnyUpdate, RestartUpdate, Result, StepUpdate
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.models import Models
from pipeline.page.layout import build
from pipeline.page.words import English
from tests.browsing import picture, prompt
from tests.conftest import serve_page, wait_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's, by the dozen
REPLICAS = 2
MANY = 50  # steps; chosen: the test gets to a drawing before it ends


@contextmanager
def cluster_of(model: Path) -> Iterator[Models]:
    with joined("auto", "tests", ReplicaRange(REPLICAS, REPLICAS)) as cluster:
        models = Models(cluster.sources([str(model)], "CPU"), have_own_machines=True)
        with ThreadPoolExecutor(1) as pool:  # Playwright keeps a loop in this thread, and Serve refuses such a one
            pool.submit(models.start, lambda progress: None).result()
        yield models


@pytest.fixture(scope="module")
def models(model: Path) -> Iterator[Models]:
    before = set(psutil.Process().children(recursive=True))
    with subprocess.Popen(["sleep", "300"]) as stranger:  # of the program that joins
        with cluster_of(model) as models:
            yield models
        wait_for(lambda: not _ray_processes() - before, 5.0)  # nothing of Ray is left
        assert stranger.poll() is None
        stranger.kill()


@pytest.fixture(scope="module")
def remote(models: Models) -> RemotePipeline:
    pipeline = models.loaded(models.names[0])
    assert isinstance(pipeline, RemotePipeline)
    wait_for(lambda: len(_replicas()) == REPLICAS)
    return pipeline


def images(updates: Iterable[AnyUpdate]) -> list[Image.Image]:
    *_, result = updates
    assert isinstance(result, Result)
    return result.images


def _ray_processes() -> set[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return {each for each in children if each.status() != psutil.STATUS_ZOMBIE and "ray" in " ".join(each.cmdline())}


def _replicas() -> list[psutil.Process]:
    return [each for each in _ray_processes() if each.cmdline()[0].startswith("ray::ServeReplica")]


def test_replicas_draw_at_once_the_same_bytes_as_one_process(remote: RemotePipeline, pipe: SanaPipeline) -> None:
    asked = [pipe.settings("a red house", seed=seed, num_images_per_prompt=2) for seed in (1, 2)]
    with ThreadPoolExecutor(REPLICAS) as pool:
        found = list(pool.map(lambda each: images(remote.generate(each)), asked))
    for settings, drawn in zip(asked, found, strict=True):
        for theirs, ours in zip(drawn, images(pipe.generate(settings)), strict=True):
            assert theirs.tobytes() == ours.tobytes()
            assert theirs.info == ours.info


def test_previews_and_stop_on_the_page(models: Models, browser: Browser) -> None:
    service = build_service(models, JobQueue(at_once=REPLICAS))
    with serve_page(build(service, English()), service) as url:
        context = browser.new_context()
        context.set_default_timeout(60_000)
        tab = context.new_page()
        # So many steps and pictures that they are not done before Stop.
        most = f"width=512&height=512&num_inference_steps={NUM_INFERENCE_STEPS.maximum}&num_images={NUM_IMAGES.maximum}"
        tab.goto(f"{url}?prompt=a+red+house&{most}")
        expect(prompt(tab)).to_have_value("a red house", timeout=60_000)
        tab.get_by_role("button", name="Generate").click()
        tab.get_by_text(re.compile(r"Step \d+ of")).wait_for()
        tab.get_by_role("button", name="Stop").click()
        tab.get_by_text(re.compile(r"Stopped after step \d+ of .*: this picture is unfinished")).wait_for()
        picture(tab).wait_for()  # the last preview stays
        wait_for(lambda: service.queue_counts == (0, 0))
        context.close()


def test_a_picture_whose_replica_is_killed_is_begun_again(remote: RemotePipeline, pipe: SanaPipeline) -> None:
    asked = pipe.settings("a red house", seed=3, num_inference_steps=MANY)
    busy = {each.pid: each.cpu_times().user for each in _replicas()}
    updates: list[AnyUpdate] = []
    for update in remote.generate(asked):
        if isinstance(update, StepUpdate) and not any(isinstance(each, RestartUpdate) for each in updates):
            drawer = max(_replicas(), key=lambda each: each.cpu_times().user - busy.get(each.pid, 0.0))
            os.kill(drawer.pid, signal.SIGKILL)
        updates.append(update)
    kinds = [type(update) for update in updates]
    assert kinds.count(RestartUpdate) == 1
    assert kinds.count(Result) == 1
    (theirs,), (ours,) = images(updates), images(pipe.generate(asked))
    assert theirs.tobytes() == ours.tobytes()
