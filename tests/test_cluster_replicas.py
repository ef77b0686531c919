"""Replicas of a tiny model on a Ray cluster of the program's own: the page, Stop, one that is killed, and an update.

The cluster is started once; it costs more than all that is done with it.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from app import build_service
from pipeline import SanaPipeline
from pipeline.cluster.cluster import Cluster, joined
from pipeline.cluster.cluster_flags import ReplicaRange
from pipeline.cluster.remote_pipeline import RemotePipeline
from pipeline.cluster.rolling_update import RollingUpdate
from pipeline.domain.settings import NUM_IMAGES, NUM_INFERENCE_STEPS
from pipeline.domain.updates import AnyUpdate, RestartUpdate, Result, StepUpdate
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.models import Models
from pipeline.page.layout import build
from pipeline.page.words import English
from tests.browsing import STILL, picture, prompt
from tests.model_files import renamed
from tests.serving import serve_page
from tests.waiting import wait_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's, by the dozen
REPLICAS = 2
T = TypeVar("T")
MANY = 50  # steps; chosen: the test gets to a drawing before it ends


def elsewhere(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function in another thread: Playwright keeps a loop in this one, and Serve refuses such a one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    before = set(psutil.Process().children(recursive=True))
    with subprocess.Popen(["sleep", "300"]) as stranger:  # of the program that joins
        try:
            with joined("auto", "tests", ReplicaRange(REPLICAS, REPLICAS)) as cluster:
                yield cluster
            wait_for(lambda: not _ray_processes() - before, 5.0)  # nothing of Ray is left
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.fixture(scope="module")
def models(cluster: Cluster, model: Path) -> Models:
    models = Models(cluster.sources([str(model)], "CPU"), have_own_machines=True)
    elsewhere(models.start, lambda progress: None)
    return models


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
    found = set()
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may end at any moment
            if each.status() != psutil.STATUS_ZOMBIE and "ray" in " ".join(each.cmdline()):
                found.add(each)
    return found


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


@pytest.mark.long
def test_previews_and_stop_on_the_page(models: Models, browser: Browser) -> None:
    service = build_service(models, JobQueue(at_once=REPLICAS))
    with serve_page(build(service, English()), service) as url:
        context = browser.new_context(**STILL)
        context.set_default_timeout(60_000)
        tab = context.new_page()
        # So many steps and pictures that they are not done before Stop.
        most = f"width=512&height=512&num_inference_steps={NUM_INFERENCE_STEPS.maximum}&num_images={NUM_IMAGES.maximum}"
        tab.goto(f"{url}?prompt=a+red+house&{most}")
        expect(prompt(tab)).to_have_value("a red house", timeout=60_000)
        tab.locator("#prompt-line").get_by_text(re.compile(r"\d+ of \d+ tokens")).wait_for()
        tab.get_by_role("button", name="Generate").click()
        tab.get_by_text(re.compile(r"Step \d+ of")).wait_for()
        tab.get_by_role("button", name="Stop").click()
        tab.get_by_text(re.compile(r"Stopped after step \d+ of .*: this picture is unfinished")).wait_for()
        picture(tab).wait_for()  # the last preview stays
        wait_for(lambda: service.queue_counts == (0, 0))
        context.close()


@pytest.mark.long
def test_a_model_is_updated_while_pictures_are_drawn_and_wait(
    cluster: Cluster, models: Models, remote: RemotePipeline, pipe: SanaPipeline, model: Path, tmp_path: Path
) -> None:
    other = renamed(model, tmp_path / "other")
    (old,) = models.names
    update = RollingUpdate(cluster, models)
    asked = [pipe.settings("a red house", seed=seed, num_inference_steps=MANY) for seed in range(6)]
    with ThreadPoolExecutor(REPLICAS) as pool:
        drawing = [pool.submit(lambda each: list(models.generate(old, each)), each) for each in asked]
        wait_for(lambda: drawing[0].running())
        told = elsewhere(lambda: list(update.run(str(other), None)))
        found = [each.result() for each in drawing]
    assert told[-1].startswith("other (fp16) draws.")
    assert models.names == ["other (fp16)"]
    assert all(not isinstance(update, RestartUpdate) for updates in found for update in updates)
    ours, theirs = images(found[0])[0], images(models.generate(old, asked[0]))[0]
    assert [json.loads(each.info["sana"])["model"]["source"] for each in (ours, theirs)] == ["tiny-flow", "other"]


@pytest.mark.long
def test_a_picture_whose_replica_is_killed_is_begun_again(remote: RemotePipeline, pipe: SanaPipeline) -> None:
    wait_for(lambda: len(_replicas()) == REPLICAS)
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
