"""The page: `python app.py`, then a browser. Serves the bundled miniature, or the model folder that --model names."""

import argparse
import importlib.util
import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from pipeline import SanaError

if TYPE_CHECKING:
    import gradio as gr

    from pipeline import SanaPipeline
    from pipeline.page.models import Models

USAGE_ERROR = 2
MAX_QUEUE = 128  # requests that may wait; each is told its place


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    # Said before Gradio is imported: the page asks nothing of anyone but this machine.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        check_port(options.host, options.port)
        if options.mcp:
            check_mcp()
        serve(options)
    except SanaError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print()
    return 0


def build_app(pipeline: "SanaPipeline", max_queue: int = MAX_QUEUE) -> "gr.Blocks":
    """The page and its `/generate` endpoint for a loaded pipeline, not launched."""
    from pipeline.page.models import Models
    from pipeline.page.sources import LoadedSource

    return build_page(Models([LoadedSource(pipeline)]), max_queue)


def build_page(models: "Models", max_queue: int) -> "gr.Blocks":
    from pipeline.page.cache import cache_root
    from pipeline.page.layout import build
    from pipeline.page.timings import Timings

    return build(models, Timings(cache_root()), max_queue)


def serve(options: argparse.Namespace) -> None:
    """Serves until interrupted; raises SanaError where a model, the device or the port cannot be used."""
    models = describe_models(options)
    app = launch(models, options)
    # The page is up while the model is loaded, and says so; what cannot be loaded ends it.
    try:
        models.start(report=lambda line: print(line, flush=True))
    except SanaError:
        app.close(verbose=False)
        raise
    app.block_thread()


def describe_models(options: argparse.Namespace) -> "Models":
    """The menu, of which nothing is loaded yet; raises SanaError for what is plainly wrong already."""
    from pipeline.device import Device
    from pipeline.miniature import CHECKPOINT
    from pipeline.page.models import Models
    from pipeline.page.sources import BundledSource, NamedSource

    Device(options.device)
    if not options.model:
        return Models([BundledSource(CHECKPOINT, options.device)])
    return Models([NamedSource(name, options.device) for name in options.model])


def launch(models: "Models", options: argparse.Namespace) -> "gr.Blocks":
    from pipeline.page.look import LAUNCH

    app = build_page(models, options.max_queue)
    try:
        _, url, share_url = app.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            auth=options.auth,
            mcp_server=options.mcp,
            prevent_thread_lock=True,
            quiet=True,
            **LAUNCH,
        )
    except OSError as error:  # someone took the port since it was checked
        raise SanaError(f"Port {options.port} of {options.host} cannot be used: choose another with --port.") from error
    print(f"Sana is on {url}", flush=True)
    if share_url:
        print(f"and, for a week at most, on {share_url}", flush=True)
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


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse would print the usage as well."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help.\n")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    # an empty variable counts as unset
    environment = {name: value for name, value in os.environ.items() if value}
    parser = Parser(prog="app.py", description="Text to image with Sana on OpenVINO, in the browser.")
    parser.add_argument(
        "--model",
        action="append",
        metavar="DIR_OR_REPO",
        help="a folder that precompile.py wrote, or OWNER/NAME[@REVISION] on the Hugging Face Hub, without a revision "
        "its newest tag; given more than once, the page offers a menu of them (default: SANA_MODEL, or else the "
        "bundled miniature, which is precompiled into the user's cache folder on first start)",
    )
    parser.add_argument(
        "--device",
        default=environment.get("SANA_DEVICE", "CPU"),
        help="an OpenVINO device: CPU, GPU, GPU.1, AUTO, ... (default: SANA_DEVICE, or else CPU)",
    )
    parser.add_argument(
        "--host",
        default=environment.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="the address to listen on; 0.0.0.0 lets others in (default: GRADIO_SERVER_NAME, or else 127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        default=environment.get("GRADIO_SERVER_PORT", "7860"),
        help="the port to listen on; never silently another one (default: GRADIO_SERVER_PORT, or else 7860)",
    )
    parser.add_argument("--share", action="store_true", help="also serve on a public gradio.live address")
    parser.add_argument(
        "--auth", type=user_and_password, metavar="USER:PASSWORD", help="ask for this name and password"
    )
    parser.add_argument(
        "--max-queue",
        type=queue_length,
        default=MAX_QUEUE,
        metavar="N",
        help=f"how many requests may wait; more are refused (default: {MAX_QUEUE})",
    )
    parser.add_argument(
        "--mcp", action="store_true", help="also offer generation as an MCP tool (needs: pip install 'gradio[mcp]')"
    )
    options = parser.parse_args(arguments)
    if options.model is None and environment.get("SANA_MODEL"):
        options.model = [environment["SANA_MODEL"]]
    return options


def user_and_password(text: str) -> tuple[str, str]:
    user, _, password = text.partition(":")
    if not user or not password:
        raise argparse.ArgumentTypeError("must be a name and a password with a colon between them")
    return user, password


def queue_length(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return int(text)


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 65535, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
