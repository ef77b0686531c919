"""Error messages on the terminal: one line, or the whole traceback with `SANA_DEBUG=1` in the environment."""

import logging
import os
import sys
import traceback


def debugging() -> bool:
    """Return True if SANA_DEBUG is set to anything but 0."""
    return os.environ.get("SANA_DEBUG", "0") not in ("", "0")


def start_logging() -> None:
    """Log warnings to the terminal; with SANA_DEBUG, log all messages of this project."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    if debugging():
        logging.getLogger("pipeline").setLevel(logging.DEBUG)


def complain(program: str, sentence: object) -> None:
    """Print a sentence to stderr; with SANA_DEBUG, print the traceback of the current exception first."""
    if debugging() and sys.exc_info()[0]:
        traceback.print_exc()
    print(f"{program}: {sentence}", file=sys.stderr)
