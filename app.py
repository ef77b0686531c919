"""The program that serves the page: `python app.py`, with the bundled miniature or the models of --model."""

import argparse
import atexit
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from pipeline import SanaError
from pipeline.domain.complaints import complain, start_logging
from pipeline.runtime.process_end import tidy_process
from pipeline.server.flags import USAGE_ERROR, parse

if TYPE_CHECKING:
    import gradio as gr

    from pipeline import SanaPipeline
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.jobs.model_sources import ModelSource
    from pipeline.jobs.models import Models
    from pipeline.jobs.saved_pictures import SavedPictures
    from pipeline.jobs.service import GenerationService
    from pipeline.server.server_options import ServerOptions
    from pipeline.server.serving import Served


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted, and return the exit status; print errors in one line."""
    options = parse(arguments)
    start_logging()
    try:
        with tidy_process():
            if options.mcp:
                check_mcp()
            serve(options)
    except SanaError as error:
        complain("app.py", error)
        return USAGE_ERROR
    except OSError as error:  # for example, missing rights or a removed disk
        complain("app.py", f"{error.filename or 'A file'} cannot be used ({error.strerror or error}).")
        return USAGE_ERROR
    except KeyboardInterrupt:
        print()
    return 0


def build_app(pipeline: "SanaPipeline", queue: "JobQueue | None" = None) -> "gr.Blocks":
    """Build the page and its endpoint `/generate` for a loaded pipeline, without launching it."""
    from pipeline.jobs.model_sources import LoadedSource
    from pipeline.jobs.models import Models

    return build_page(Models([LoadedSource(pipeline)]), queue)


def build_page(models: "Models", queue: "JobQueue | None" = None) -> "gr.Blocks":
    """Build the page for a menu of models, in English, without launching it."""
    from pipeline.page.layout import build
    from pipeline.page.words import English

    return build(build_service(models, queue), English())


def build_service(
    models: "Models", queue: "JobQueue | None" = None, saved: "SavedPictures | None" = None
) -> "GenerationService":
    """Return what the page and all other interfaces submit their requests to."""
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.jobs.service import GenerationService
    from pipeline.jobs.timings import Timings
    from pipeline.runtime.folders import cache_folder

    return GenerationService(models, Timings(cache_folder()), queue or JobQueue(), saved)


def serve(options: argparse.Namespace) -> None:
    """Serve until interrupted; raise SanaError if a model, the device or the port is unusable."""
    from pipeline.server.gradio_import import import_gradio

    listeners = options.server.listen()
    import_gradio()
    from pipeline.domain.progress import print_progress
    from pipeline.jobs.full_size import FullSize
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.jobs.saved_pictures import SavedPictures
    from pipeline.page.layout import build
    from pipeline.page.words import all_words
    from pipeline.runtime.malloc import use_single_arena
    from pipeline.server import serving
    from pipeline.server.web_app import LocalPage

    use_single_arena()  # before the generating threads exist
    new_source = source_maker(options)
    with menu(options, new_source) as models:
        saved = SavedPictures(options.save) if options.save else None
        queue = JobQueue(options.max_queue, options.max_per_client, options.replicas.most)
        service = build_service(models, queue, saved)
        full_size = None
        if not options.model and not options.cluster and options.server.is_private(listeners):
            full_size = FullSize(models, new_source)
        pages = [LocalPage(words, build(service, words, full_size)) for words in all_words()]
        with serving.serve(pages, options.server, listeners, service) as served:
            announce(served, options.server)
            # The page is up while the model loads, and shows its progress. An error ends the program.
            models.start(print_progress)
            while True:  # an endless wait would miss a signal delivered to another thread
                time.sleep(0.2)  # chosen: too short to be noticed


def source_maker(options: argparse.Namespace) -> "Callable[[str | None], ModelSource]":
    """Return what returns the source of a model by its name; raise SanaError if this machine lacks the device.

    In a cluster, other machines have the devices.
    """
    from pipeline.jobs.model_sources import source_of
    from pipeline.runtime.device import Device
    from pipeline.runtime.thread_tuning import fastest_threads

    threads = None
    if not options.cluster:
        device = Device(options.device)
        threads = None if options.no_tuning else fastest_threads(device)
    return partial(source_of, device=options.device, low_memory=options.low_memory, max_threads=threads)


@contextmanager
def menu(options: argparse.Namespace, new_source: "Callable[[str | None], ModelSource]") -> Iterator["Models"]:
    """Yield the menu without loading a model; raise SanaError for a bad model folder or cluster."""
    from pipeline.jobs.models import Models

    names = options.model or [None]
    if options.cluster:
        from pipeline.cluster.cluster import joined
        from pipeline.cluster.rolling_update import RollingUpdate
        from pipeline.cluster.update_line import listening

        port = options.server.port
        with joined(options.cluster, f"{platform.node()}-{port}", options.replicas) as cluster:
            models = Models(cluster.sources(names, options.device, options.low_memory), have_own_machines=True)
            with listening(port, RollingUpdate(cluster, models).run):
                yield models
        return
    yield Models([new_source(name) for name in names])


def announce(served: "Served", options: "ServerOptions") -> None:
    """Print the addresses of the page."""
    print(f"Sana is on {served.url}", flush=True)
    if served.share_url:
        print(f"and, for a week at most, on {served.share_url}", flush=True)
    elif options.share:
        print("A public address could not be had, perhaps for want of a network: the page is served here only.")
    if served.is_open_to_all:
        print("Whoever reaches it may draw: --api-key and --auth ask for a key or a password.", flush=True)
    if options.mcp:
        print(f"MCP clients find it at {served.url}gradio_api/mcp/", flush=True)


def check_mcp() -> None:
    """Raise SanaError if Gradio's MCP extra, which is not among the requirements, is not installed."""
    if importlib.util.find_spec("mcp") is None:
        raise SanaError("--mcp needs Gradio's MCP extra: pip install 'gradio[mcp]'.")


def leave(status: int) -> NoReturn:
    """End the process at once. A normal exit of torch and OpenVINO takes seconds, and threads may still use them."""
    atexit._run_exitfuncs()  # removes temporary files, ends the share link's program, flushes logs
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    leave(main())
