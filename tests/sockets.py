"""A log of the hosts that a child process, and its own children, look up or connect to."""

from pathlib import Path

# Python runs a sitecustomize.py that it finds on its path, and forked children keep the hook.
HOOK = """
import sys

def hook(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto"):
        place = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments
        if not isinstance(place, tuple):  # a Unix socket
            return
        with open(LOG, "a") as log:
            log.write(str(place[0]) + "\\n")

sys.addaudithook(hook)
"""


class SocketLog:
    """A log of hosts: run child processes in `environment`, then call `hosts`."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "hosts"
        (folder / "sitecustomize.py").write_text(f"LOG = {str(self._log)!r}\n{HOOK}")
        self.environment = {"PYTHONPATH": str(folder)}

    def hosts(self) -> set[str]:
        return set(self._log.read_text().split()) if self._log.exists() else set()
