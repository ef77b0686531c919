"""Firefox, driven by WebDriver BiDi: Playwright 1.65 sends a command that Debian's firefox-esr does not know."""

import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.waiting import wait_for

ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")

# The element, after five looks a tenth of a second apart have found it in the same place. Without that, a press after a
# reload may miss what is still being moved down.
STAYED = """new Promise((done) => {
    let [place, looks] = ["", 0];
    const look = () => {
        const element = document.querySelector(%s);
        element?.scrollIntoView({ block: "center" });
        const found = JSON.stringify(element?.getBoundingClientRect());
        looks = found && found === place ? looks + 1 : 1;
        place = found;
        if (looks === 5) done(element);
        else setTimeout(look, 100);
    };
    look();
})"""


class Firefox:
    """A tab of Firefox."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count()
        self._ask("session.new", capabilities={})
        self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which JSON can hold."""
        return json.loads(self._run(f"JSON.stringify((() => {expression})() ?? null)")["value"])

    def press(self, selector: str) -> None:
        """Press the mouse's button on an element, once it has stayed in its place."""
        found = self._run(STAYED % json.dumps(selector))
        origin = {"type": "element", "element": {"sharedId": found["sharedId"]}}
        moves = {"type": "pointerMove", "x": 0, "y": 0, "origin": origin}
        self._act("pointer", [moves, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}])

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self._act("key", [{"type": kind, "value": sign} for sign in text for kind in ("keyDown", "keyUp")])

    def _act(self, device: str, actions: list[dict[str, Any]]) -> None:
        source = {"type": device, "id": device, "actions": actions}
        self._ask("input.performActions", context=self._tab, actions=[source])

    def _run(self, expression: str) -> dict[str, Any]:
        target = {"context": self._tab}
        return self._ask("script.evaluate", expression=expression, target=target, awaitPromise=True)["result"]

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


@contextmanager
def firefox() -> Iterator[Firefox | None]:
    """Yield Debian's firefox-esr or a system's firefox, with a new profile, or None where there is neither."""
    executable = shutil.which("firefox-esr") or shutil.which("firefox")
    if executable is None:
        yield None
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        command = [executable, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"]
        with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
            try:
                wait_for(lambda: ADDRESS.search(log.read_text()))
                address = ADDRESS.findall(log.read_text())[0]
                with connect(f"{address}/session", max_size=None) as socket:
                    yield Firefox(socket)
            finally:
                process.terminate()
