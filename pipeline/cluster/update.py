"""The command `python -m pipeline.cluster.update`: move a running app.py to another model, without a lost request."""

import argparse
import sys

from ..domain.complaints import complain, start_logging
from ..domain.errors import SanaError
from .model_spec import whole_name
from .update_line import RunningApp, ask, running_apps

PROGRAM = "python -m pipeline.cluster.update"
LEFT, USAGE_ERROR = 1, 2


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    start_logging()
    try:
        app = find(running_apps(), options.port)
        for text in ask(app, whole_name(options.model) or "", options.replaces):
            print(text, flush=True)
    except SanaError as error:
        complain(PROGRAM, error)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print(f"\n{PROGRAM}: the update goes on in app.py.", file=sys.stderr)
        return LEFT
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Move app.py --cluster, which runs on this machine, to another model that takes the same settings.",
    )
    parser.add_argument("--model", required=True, metavar="DIR_OR_REPO", help="as that of app.py")
    parser.add_argument("--replaces", metavar="NAME", help="which model of several goes, by its name in the menu")
    parser.add_argument("--port", type=int, help="the port of the page, if several run here")
    return parser.parse_args(arguments)


def find(apps: list[RunningApp], port: int | None) -> RunningApp:
    """Return the program with this port, or the only one; raise SanaError."""
    found = [app for app in apps if port in (None, app.port)]
    ports = ", ".join(str(app.port) for app in apps)
    if not apps:
        raise SanaError("No app.py --cluster of yours runs on this machine: updates are made where it runs.")
    if not found:
        raise SanaError(f"No app.py --cluster of yours has the port {port} on this machine, but {ports}.")
    if len(found) > 1:
        raise SanaError(f"Several app.py --cluster of yours run on this machine: name one with --port, of {ports}.")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
