"""The words of the page: a language is one file, its gaps are English, and no sentence stands elsewhere."""

import dataclasses
import sys
from types import ModuleType
from typing import Any

import pytest

from pipeline.domain.errors import SanaError, SettingsError
from pipeline.domain.families import FAMILIES, Family
from pipeline.domain.problems import SENTENCES, Problem
from pipeline.domain.progress import Progress
from pipeline.domain.schedule_parameters import SCHEDULE_PARAMETERS
from pipeline.domain.settings import PARAMETERS, SEED, STYLE, WIDTH, GenerationSettings
from pipeline.domain.updates import QueueUpdate, StepUpdate, StoppedUpdate
from pipeline.page.words import English, find_words
from tests.descriptions import MODEL


class German(English):
    def __init__(self) -> None:
        super().__init__()
        self.generate = "Zeichnen"
        self.labels = {"width": "Breite"}
        self.nouns = {"width": "Breite"}
        self.sentences = {"size": "Die {noun} muss ein Vielfaches von {step} sein, nicht {value}."}


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> English:
    """Install a language file de.py as a module; return its words."""
    module: Any = ModuleType("pipeline.page.words.de")
    module.Words = German
    module.__spec__ = ModuleType("spec")
    monkeypatch.setitem(sys.modules, "pipeline.page.words.de", module)
    return find_words("de_DE")


def test_what_a_language_leaves_out_is_english(german: English) -> None:
    assert isinstance(german, German)
    assert (german.generate, german.stop) == ("Zeichnen", "Stop")
    assert (german.label(WIDTH), german.label(SEED)) == ("Breite", "Seed")
    problem, other = WIDTH.problem(100), STYLE.problem("oil")
    assert problem
    assert other
    assert german.problem(problem) == "Die Breite muss ein Vielfaches von 32 sein, nicht 100."
    assert german.error(SettingsError(problem)) == german.problem(problem)
    assert german.error(SanaError("A disk is full.")) == "A disk is full."
    assert german.problem(other).startswith("There is no style 'oil'")


@pytest.mark.parametrize("name", ["", "C", "en_GB", "xx_YY", "../de", "__init__"])
def test_an_unknown_language_is_english(name: str) -> None:
    assert type(find_words(name)) is English


def test_every_label_and_sentence_can_be_said() -> None:
    words = English()
    assert all(words.label(parameter) for parameter in PARAMETERS)
    assert set(SENTENCES) > {parameter.problem(object()).code for parameter in PARAMETERS}
    with pytest.raises(KeyError):
        _ = Problem("no such code", {}).sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (English().queue(QueueUpdate(1)), "In the queue: one request is before yours"),
        (English().queue(QueueUpdate(3)), "In the queue: 3 requests are before yours"),
        (English().step(StepUpdate(2, 4, None, 1.0), 7.3), "Step 2 of 4, about 7 s left"),
        (English().step(StepUpdate(4, 4, None, 1.0, 2, 3), None), "Picture 2 of 3. Step 4 of 4, decoding"),
        (English().stopped(StoppedUpdate(None, 0)), "Stopped."),
        (English().stopped(StoppedUpdate(StepUpdate(2, 4, None, 1.0), 0)), "Stopped after step 2 of 4."),
        (English().preparation(Progress("fetch", "3 of 9 MB fetched", 3, 9)), "3 of 9 MB fetched"),
    ],
)
def test_records_become_sentences(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_the_controls_of_a_schedule_are_those_of_the_family(family: Family) -> None:
    from pipeline.page.controls import properties, values_of

    model = dataclasses.replace(MODEL, family=family)
    controls = {each.name: properties(each, model, English()) for each in SCHEDULE_PARAMETERS}
    assert {name for name, properties in controls.items() if properties["visible"]} == family.schedule
    assert {properties["value"] for properties in controls.values()} == {None}
    settings = GenerationSettings("a house", num_inference_steps=2, timesteps=(1.5, 0.7, 0.0))
    assert values_of(settings, model)["timesteps"] == "1.5, 0.7, 0.0"
