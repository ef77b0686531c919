"""The people who ask, one after the other of their requests, and complain of wrong answers."""

import hashlib
import io
import json
from collections import Counter

from PIL import Image

from .ways import Way

SEEDS = 50  # the same ones for everybody, so that each picture is drawn in several ways; chosen
ROUND = ("draw", "cancel", "draw", "be_refused", "draw")


class Person:
    """A client of one interface.

    `known` holds the hash of the PNG of each seed, whoever has drawn it: the same seed gives the same file.
    """

    def __init__(self, number: int, way: Way, known: dict[int, str]) -> None:
        self.done: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._way = way
        self._known = known
        self._seed = number

    def ask(self) -> None:
        """Make the requests of one round."""
        for request in ROUND:
            try:
                self._make(request)
            except Exception as error:  # noqa: BLE001 - it is told at the end, and the next request is made
                self.complaints.append(f"{self._way.name}, {request}: {type(error).__name__}: {error}")
            self.done[request] += 1

    def _make(self, request: str) -> None:
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
        own = hashlib.sha256(file).hexdigest()
        assert self._known.setdefault(self._seed, own) == own, f"seed {self._seed} gave two pictures"
