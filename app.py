"""The page: `python app.py`, then a browser. Serves the bundled miniature, or the model folder that --model names."""

import argparse
import importlib.util
import os
import socket
import sys
from typing import TYPE_CHECKING

from pipeline import SanaError
from pipeline.page.flags import USAGE_ERROR, parse

if TYPE_CHECKING:
    import gradio as gr

    from pipeline import SanaPipeline
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.jobs.models import Models


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        check_port(options.host, options.port)
        if options.mcp:
            check_mcp()
        serve(options)
    except SanaError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return USAGE_ERROR
    except OSError as error:  # a right that is missing, a disk that was taken away
        print(f"app.py: {error.filename or 'A file'} cannot be used ({error.strerror or error}).", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print()
    return 0


def build_app(pipeline: "SanaPipeline", queue: "JobQueue | None" = None) -> "gr.Blocks":
    """Return the page and its `/generate` endpoint for a loaded pipeline, not launched."""
    from pipeline.jobs.model_sources import LoadedSource
    from pipeline.jobs.models import Models

    return build_page(Models([LoadedSource(pipeline)]), queue)


def build_page(models: "Models", queue: "JobQueue | None" = None) -> "gr.Blocks":
    """Return the page for a menu of models, not launched; in the language of this machine, as far as it speaks it."""
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.jobs.service import GenerationService
    from pipeline.jobs.timings import Timings
    from pipeline.page.layout import build
    from pipeline.page.words import local_words
    from pipeline.runtime.folders import cache_folder

    return build(GenerationService(models, Timings(cache_folder()), queue or JobQueue()), local_words())


def serve(options: argparse.Namespace) -> None:
    """Serve until interrupted; raise SanaError if a model, the device or the port cannot be used."""
    from pipeline.domain.progress import print_progress
    from pipeline.runtime.malloc import use_single_arena

    use_single_arena()  # before there are the threads that will generate
    models = describe_models(options)
    app = launch(models, options)
    # The page is up while the model is loaded, and says so; what cannot be loaded ends it.
    try:
        models.start(print_progress)
    except SanaError:
        app.close(verbose=False)
        raise
    app.block_thread()


def describe_models(options: argparse.Namespace) -> "Models":
    """Return the menu, of which nothing is loaded yet; raise SanaError for what is plainly wrong already."""
    from pipeline.jobs.model_sources import BundledSource, NamedSource
    from pipeline.jobs.models import Models
    from pipeline.miniature import CHECKPOINT
    from pipeline.runtime.device import Device

    Device(options.device)
    if not options.model:
        return Models([BundledSource(CHECKPOINT, options.device, options.low_memory)])
    return Models([NamedSource(name, options.device, options.low_memory) for name in options.model])


def launch(models: "Models", options: argparse.Namespace) -> "gr.Blocks":
    """Return the page, served; raise SanaError if somebody took the port."""
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.page.theme import launch_options
    from pipeline.page.words import local_words

    app = build_page(models, JobQueue(options.max_queue, options.max_per_client))
    try:
        _, url, share_url = app.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            auth=options.auth,
            mcp_server=options.mcp,
            prevent_thread_lock=True,
            quiet=True,
            **launch_options(local_words()),
        )
    except OSError as error:  # someone took the port since it was checked
        raise SanaError(f"Port {options.port} of {options.host} cannot be used: choose another with --port.") from error
    print(f"Sana is on {url}", flush=True)
    if share_url:
        print(f"and, for a week at most, on {share_url}", flush=True)
    elif options.share:
        print("A public address could not be had, perhaps for want of a network: the page is served here only.")
    if options.mcp:
        print(f"MCP clients find it at {url}gradio_api/mcp/", flush=True)
    return app


def check_port(host: str, port: int) -> None:
    """Raises SanaError unless this process can listen there; asked first, since a model takes a while to load."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            if os.name == "posix":  # as servers do: a port that was closed a moment ago is free
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
        reason = (error.strerror if isinstance(error, OSError) else None) or "no valid name"
        raise SanaError(
            f"Cannot listen on {host}, port {port} ({reason}): choose others with --host, --port."
        ) from None


def check_mcp() -> None:
    """Raises SanaError unless Gradio's MCP extra is installed: it is not among the requirements."""
    if importlib.util.find_spec("mcp") is None:
        raise SanaError("--mcp needs Gradio's MCP extra: pip install 'gradio[mcp]'.")


if __name__ == "__main__":
    sys.exit(main())
