"""The flags of app.py, and their environment variables."""

import argparse
import os
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..cluster.cluster_flags import add_cluster_flags, check_cluster_flags
from ..domain.limits import MAX_PER_CLIENT, MAX_WAITING
from .server_flags import add_server_flags, positive_number, server_options

USAGE_ERROR = 2  # the exit status of argparse


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line (None: this process's), with defaults from the environment."""
    # An empty variable counts as unset.
    environment = {name: value for name, value in os.environ.items() if value}
    parser = Parser(prog="app.py", description="Text to image with Sana on OpenVINO, in the browser.")
    parser.add_argument(
        "--model",
        action="append",
        metavar="DIR_OR_REPO",
        help="a folder that precompile.py wrote, or OWNER/NAME[@REVISION] on the Hugging Face Hub, without a revision "
        "its newest tag; given more than once, the page offers a menu of them (default: SANA_MODEL, or else the "
        "bundled miniature, which the first start unpacks into the user's cache folder)",
    )
    parser.add_argument(
        "--device",
        default=environment.get("SANA_DEVICE", "CPU"),
        help="an OpenVINO device: CPU, GPU, GPU.1, AUTO, ... (default: SANA_DEVICE, or else CPU)",
    )
    parser.add_argument(
        "--low-memory",
        action="store_true",
        help="hold one of text encoder, transformer and decoder at a time, and load it again whenever its turn comes",
    )
    parser.add_argument(
        "--no-tuning",
        action="store_true",
        help="compute on one thread for each core: do not measure, at the first start, whether all threads are faster",
    )
    add_cluster_flags(parser)
    add_server_flags(parser, environment)
    parser.add_argument(
        "--max-queue",
        type=positive_number,
        default=MAX_WAITING,
        metavar="N",
        help=f"how many requests may wait; more are refused (default: {MAX_WAITING})",
    )
    parser.add_argument(
        "--max-per-client",
        type=positive_number,
        default=MAX_PER_CLIENT,
        metavar="N",
        help=f"how many requests of one browser tab or client may wait or run (default: {MAX_PER_CLIENT})",
    )
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="keep a copy of each finished picture in this folder, with its record"
    )
    parser.add_argument(
        "--mcp", action="store_true", help="also offer generation as an MCP tool (needs: pip install 'gradio[mcp]')"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    options = parser.parse_args(arguments)
    if options.model is None and environment.get("SANA_MODEL"):
        options.model = [environment["SANA_MODEL"]]
    check_cluster_flags(parser, options)
    options.server = server_options(parser, options)
    return options


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line to stderr, without argparse's usage, and exit."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help.\n")
