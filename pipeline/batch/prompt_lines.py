"""The lines of a file of prompts: text, CSV, or JSON lines."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..domain.json_text import RepeatedKey, json_object
from ..domain.picture_parameters import IMAGE, MASK_IMAGE
from ..domain.presets import PRESET
from ..domain.problems import Problem, shown
from ..domain.repetition import repeated
from ..domain.settings import NUM_IMAGES, PARAMETERS, PROMPT, RANDOM_SEED, RANDOMIZE_SEED, SEED
from ..domain.variation_parameters import MAX_SEED

COLUMNS = {each.name: each for each in (*PARAMETERS, PRESET) if each not in (NUM_IMAGES, RANDOMIZE_SEED)}
"""What a line may set: all of `/generate`, but what would make more than one picture of it, or another each time."""


@dataclass(frozen=True)
class PromptLine:
    """A line: its number in the file, from 1, and its values by parameter name or its problem.

    `seed` is drawn from what the line says, and from how many equal lines precede it (`occurrence`): a second run
    draws the same.
    """

    number: int
    values: Mapping[str, Any]
    problem: Problem | None = None
    occurrence: int = 0

    @property
    def seed(self) -> int:
        digest = hashlib.sha256(f"{_text(self.values)} {self.occurrence}".encode(errors="replace")).digest()
        return int.from_bytes(digest[:4], "big") % (MAX_SEED + 1)

    @property
    def prompt(self) -> str:
        prompt = self.values.get(PROMPT.name, "")
        return prompt if isinstance(prompt, str) else ""


def read_lines(path: Path) -> list[PromptLine]:
    """Return the lines of a file that are not blank; raise SanaError if it cannot be read or has none."""
    readers = {".txt": _read_text, ".csv": _read_csv, ".jsonl": _read_json}
    if path.suffix.lower() not in readers:
        raise SanaError(f"{path} has no known ending: prompts are in .txt, .csv or .jsonl.")
    try:  # what is no UTF-8 becomes characters that the prompt's check refuses, line by line
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise SanaError(f"{path} cannot be read ({error.strerror or error}).") from None
    lines, seen = [], Counter[str]()
    for number, values in readers[path.suffix.lower()](text):
        problem = values if isinstance(values, Problem) else _column_problem(values)
        own = {} if isinstance(values, Problem) else _located(values, path.parent)
        lines.append(PromptLine(number, own, problem, seen[_text(own)]))
        seen[_text(own)] += 1
    if not lines:
        raise SanaError(f"{path} holds no prompt.")
    return lines


def _read_text(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, {PROMPT.name: line.strip()}


def _read_json(text: str) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, _given(json_object(line))
        except RepeatedKey as error:
            yield number, Problem("given twice", {"noun": shown(error.key)})
        except ValueError:
            yield number, Problem("no line", {"kind": "JSON object"})


def _read_csv(text: str) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = rows.fieldnames or ()
        if PROMPT.name not in columns:
            raise SanaError("The first line of a CSV file names its columns, one of which must be prompt.")
        if twice := repeated(name for name in columns if name):
            raise SanaError(
                f"The first line of a CSV file names each column once, but {shown(twice[0])} is there twice."
            )
        for row in rows:
            if None in row:  # more values than columns
                yield rows.line_num, Problem("no line", {"kind": "line of this CSV file"})
                continue
            texts = {name: value for name, value in row.items() if value}
            yield (
                rows.line_num,
                {name: COLUMNS[name].parse(value) if name in COLUMNS else value for name, value in texts.items()},
            )
    except csv.Error:
        yield rows.line_num + 1, Problem("no line", {"kind": "CSV from here on"})


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _located(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the values with absolute pictures, which are named from the file's folder, and without a seed of -1."""
    own = {name: value for name, value in values.items() if (name, value) != (SEED.name, RANDOM_SEED)}
    pictures = {each.name: own[each.name] for each in (IMAGE, MASK_IMAGE) if isinstance(own.get(each.name), str)}
    return {**own, **{name: folder / value for name, value in pictures.items()}}


def _column_problem(values: Mapping[str, Any]) -> Problem | None:
    for name in values:
        if name in (NUM_IMAGES.name, RANDOMIZE_SEED.name):
            return Problem("one a line", {"value": name})
        if name not in COLUMNS:
            return Problem("unknown", {"value": shown(name), "choices": ", ".join(COLUMNS)})
    return None


def _text(values: Mapping[str, Any]) -> str:
    """Return what a line says, the same for every kind of file."""
    return json.dumps(values, sort_keys=True, default=str)
