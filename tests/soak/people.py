"""The people who ask, one after the other of their requests, and complain of wrong answers."""

import io
import json
import time
from collections import Counter
from collections.abc import Callable

from PIL import Image

from tests.waiting import wait_for

from .troubles import Troubles
from .ways import Way

SEEDS = 50  # the same ones for everybody, so that each picture is drawn in several ways; chosen
ROUND = ("draw", "cancel", "draw", "be_refused", "draw")


class Person:
    """A client of one interface, which opens its way anew when a trouble has interrupted it.

    `known` holds the PNG file of each seed, whoever has drawn it: the same seed gives the same file. What fails in a
    trouble counts as "interrupted", and anything else that is wrong as a complaint. `longest` is the longest wait for
    an answer in seconds.
    """

    def __init__(
        self, number: int, way: Callable[[], Way], known: dict[int, bytes], troubles: Troubles | None = None
    ) -> None:
        self.name = ""
        self.done: Counter[str] = Counter()
        self.complaints: list[str] = []
        self.longest = 0.0
        self._open_way = way
        self._way: Way | None = None
        self._known = known
        self._troubles = troubles or Troubles()
        self._seed = number

    def ask(self) -> None:
        """Make the requests of one round, all in the same thread."""
        for request in ROUND:
            begun = time.monotonic()
            try:
                self._make(request)
            except Exception as error:  # noqa: BLE001 - it is told at the end, and the next request is made
                if self._troubles.touched(begun):
                    self.done["interrupted"] += 1
                    self.leave()
                    continue
                self.complaints.append(f"{self.name}, {request}: {type(error).__name__}: {error}")
            self.longest = max(self.longest, time.monotonic() - begun)
            self.done[request] += 1

    def leave(self) -> None:
        """Close the way; the next request opens another one."""
        way, self._way = self._way, None
        if way is not None:
            way.close()

    def _make(self, request: str) -> None:
        if self._way is None:
            wait_for(lambda: not self._troubles.is_open)
            self._way = self._open_way()
            self.name = self._way.name
        self._seed = (self._seed + 1) % SEEDS
        prompt = f"house {self._seed}"
        if request == "cancel":
            self._way.cancel(prompt)
        elif request == "be_refused":
            self._way.be_refused()
        else:
            self._check(self._way.draw(prompt, self._seed), prompt)

    def _check(self, file: bytes, prompt: str) -> None:
        """Raise AssertionError for a picture of another request, or another than was drawn of this seed before."""
        with Image.open(io.BytesIO(file)) as image:
            image.load()
            settings = json.loads(image.info["sana"])["settings"]
        assert (settings["prompt"], settings["seed"]) == (prompt, self._seed), f"{prompt} got {settings}"
        assert self._known.setdefault(self._seed, file) == file, f"seed {self._seed} gave two pictures"
