"""How the programs complain on the terminal: in one line, or with `SANA_DEBUG=1` in the environment in full."""

import logging
import os
import sys
import traceback


def debugging() -> bool:
    """Return whether the user wants tracebacks: SANA_DEBUG is set, and not to 0."""
    return os.environ.get("SANA_DEBUG", "0") not in ("", "0")


def start_logging() -> None:
    """Let warnings reach the terminal, or with SANA_DEBUG all that this project logs."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    if debugging():
        logging.getLogger("pipeline").setLevel(logging.DEBUG)


def complain(program: str, sentence: object) -> None:
    """Print a sentence to stderr; with SANA_DEBUG after the traceback of the exception that is being handled."""
    if debugging() and sys.exc_info()[0]:
        traceback.print_exc()
    print(f"{program}: {sentence}", file=sys.stderr)
