"""The words of the page: each language has all of them, and no sentence stands elsewhere."""

import dataclasses
import re
import string
from collections.abc import Mapping

import pytest

from pipeline.domain.errors import SanaError, SettingsError
from pipeline.domain.families import FAMILIES, SPRINT, Family
from pipeline.domain.model import ModelDescription
from pipeline.domain.presets import PRESET, PRESETS
from pipeline.domain.problems import SENTENCES, Problem
from pipeline.domain.progress import MACHINE, Progress
from pipeline.domain.resolutions import RATIOS
from pipeline.domain.schedule_parameters import SCHEDULE_PARAMETERS
from pipeline.domain.settings import GUIDANCE_SCALE, PARAMETERS, STYLE, GenerationSettings
from pipeline.domain.size_parameters import WIDTH
from pipeline.domain.styles import NO_STYLE, STYLES
from pipeline.domain.updates import QueueUpdate, RestartUpdate, StepUpdate, StoppedUpdate
from pipeline.page.words import English, all_words
from tests.descriptions import MODEL

ENGLISH, GERMAN, CHINESE = all_words()
TRANSLATIONS = (GERMAN, CHINESE)
# Sentences that only programs, batches and Python see: they are English.
OF_PROGRAMS = {
    *("no file", "no base64", "one picture", "no object", "picture size"),
    *("one a line", "no line", "unknown", "output type"),
}
# What does not depend on the language, or is made of what does.
SAME = {"title", "direction", "space", "number", "listed"}
MADE = {
    "label",
    "key_label",
    "problem",
    "error",
    "done",
    "style_effect",
    "facts",
    "fetched",
    "fitting",
    "_parity",
    "_part",
}
SAME_IN_GERMAN = {"Prompt", "Seed", "LoRAs", "Anime", "Manga", "Neonpunk"}


@pytest.fixture(params=TRANSLATIONS, ids=lambda words: words.language)
def words(request: pytest.FixtureRequest) -> English:
    translation: English = request.param
    return translation


def fields(sentence: str) -> list[tuple[str | None, str | None]]:
    """Return the names of the gaps of a sentence, with their formats, in the order of names."""
    parts = string.Formatter().parse(sentence)
    return sorted({(name, form) for _, name, form, _ in parts if name is not None}, key=str)


def test_german_and_chinese_are_found() -> None:
    assert [words.language for words in all_words()] == ["en", "de", "zh"]


def test_a_language_has_every_word(words: English) -> None:
    for name in (name for name in dir(ENGLISH) if not name.startswith("__")):
        theirs, ours = getattr(ENGLISH, name), getattr(words, name)
        if callable(theirs):
            assert name in SAME | MADE or getattr(type(ENGLISH), name) is not getattr(type(words), name), name
        elif isinstance(theirs, Mapping):
            assert all(ours.values()), name
            assert not theirs or theirs.keys() <= ours.keys(), name
            assert not [ours[key] for key in theirs if ours[key] == theirs[key] and ours[key] not in SAME_IN_GERMAN], (
                name
            )
            assert [fields(ours[key]) for key in theirs] == [fields(theirs[key]) for key in theirs]
        else:
            assert name in SAME or ours != theirs, name


def test_a_language_has_every_label(words: English) -> None:
    assert words.labels.keys() == {
        *(each.name for each in (*PARAMETERS, PRESET)),
        *PRESETS,
        *(name for name in STYLES if name != NO_STYLE),
        *RATIOS,
    }
    assert {each.noun for each in (*PARAMETERS, PRESET)} <= words.nouns.keys()


def test_a_language_has_every_sentence_with_its_facts(words: English) -> None:
    assert words.sentences.keys() == SENTENCES.keys() - OF_PROGRAMS
    for code, sentence in words.sentences.items():
        assert fields(sentence) == fields(SENTENCES[code]), code


def test_a_sentence_is_filled_in_as_the_language_writes_numbers(words: English) -> None:
    facts = {"width": 4096, "height": 4096, "needed": 5.25, "available": 3.0, "fitting_width": 1, "fitting_height": 1}
    problem = Problem("memory", facts)
    assert ("5,2 GB" if words is GERMAN else "5.2 GB") in words.problem(problem)
    assert words.error(SettingsError(problem)) == words.problem(problem)
    guidance = GUIDANCE_SCALE.problem(99.5)
    assert guidance
    assert ("99,5" if words is GERMAN else "99.5") in words.problem(guidance)
    assert words.error(SanaError("A disk is full.")) == "A disk is full."
    width, style = WIDTH.problem(100), STYLE.problem("oil")
    assert width
    assert style
    assert words.labels["width"] in words.problem(width)
    assert words.problem(style).count("'oil'") == 1
    assert not re.search(r"\b(the|must|picture)\b", words.problem(width) + words.problem(style))


def test_every_record_becomes_a_sentence_of_the_language(words: English) -> None:
    step = StepUpdate(2, 4, None, 1.0, 2, 3)
    lines = [
        words.queue(QueueUpdate(1)),
        words.queue(QueueUpdate(3)),
        words.begun_again(RestartUpdate(2, 3, "bf16")),
        words.preparation(Progress(MACHINE, "Waiting for a free machine")),
        words.step(step, 7.3),
        words.stopped(StoppedUpdate(step, 0)),
        words.done(3.5, {"text_encoder": 1.0, "transformer": 2.0}),
        words.preparation(Progress("fetch", "3 of 9 MB fetched", 3e6, 9e6), 400.0),
        words.preparation(Progress("export", "exporting transformer", 1, 9)),
        words.style_effect("anime", has_negative_prompt=False),
        words.device("CPU", 2),
    ]
    english = re.compile(r"\b(of|the|is|are|step|rest|left|about|after|threads|encoder|exporting|machine)\b")
    assert not [line for line in lines if english.search(line.replace("after the prompt", ""))]
    assert any("3" in line and "9 MB" in line for line in lines)
    assert "bf16" in lines[2]


def test_every_label_and_sentence_can_be_said() -> None:
    assert all(ENGLISH.label(parameter) for parameter in PARAMETERS)
    assert set(SENTENCES) > {parameter.problem(object()).code for parameter in PARAMETERS}
    with pytest.raises(KeyError):
        _ = Problem("no such code", {}).sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (English().queue(QueueUpdate(1)), "In the queue: one request is before yours"),
        (English().queue(QueueUpdate(3)), "In the queue: 3 requests are before yours"),
        (
            English().begun_again(RestartUpdate(2, 3, "bf16")),
            "Picture 2 of 3. The machine that drew this is gone: it begins again on another, which is computing in "
            "bf16",
        ),
        (English().step(StepUpdate(2, 4, None, 1.0), 7.3), "Step 2 of 4, about 7 s left"),
        (English().step(StepUpdate(4, 4, None, 1.0, 2, 3), None), "Picture 2 of 3. Step 4 of 4, decoding"),
        (English().stopped(StoppedUpdate(None, 0)), "Stopped."),
        (English().stopped(StoppedUpdate(StepUpdate(2, 4, None, 1.0), 0)), "Stopped after step 2 of 4."),
        (English().done(3.5, {"vae_decoder": 2.0}), "Done in 3.5 s: vae decoder 2.0 s, the rest 1.5 s"),
        (English().preparation(Progress("fetch", "3 of 9 MB fetched", 3, 9)), "3 of 9 MB fetched"),
    ],
)
def test_records_become_sentences(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_the_table_of_a_model_is_translated(words: English, family: Family) -> None:
    model: ModelDescription = dataclasses.replace(MODEL, family=family)
    theirs, ours = (each.facts(model, "CPU", 2e9, 3e9) for each in (ENGLISH, words))
    assert len(theirs) == len(ours)
    assert not {name for name, _ in theirs} & {name for name, _ in ours}
    assert ("Sprint" in dict(ours)[words.rows["kind"]]) == (family is SPRINT)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_the_controls_of_a_schedule_are_those_of_the_family(family: Family) -> None:
    from pipeline.page.controls import properties, values_of

    model = dataclasses.replace(MODEL, family=family)
    controls = {each.name: properties(each, model, ENGLISH) for each in SCHEDULE_PARAMETERS}
    assert {name for name, properties in controls.items() if properties["visible"]} == family.schedule
    assert {properties["value"] for properties in controls.values()} == {None}
    settings = GenerationSettings("a house", num_inference_steps=2, timesteps=(1.5, 0.7, 0.0))
    assert values_of(settings, model)["timesteps"] == "1.5, 0.7, 0.0"
