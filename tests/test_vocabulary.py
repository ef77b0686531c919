"""The words that the miniature knows: those of the bundled checkpoint and of its training, and no others."""

import random

import pytest
from tokenizers import Tokenizer

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.kinds import BY_ICON, COLOURS, KINDS
from pipeline.miniature.training.prompts import build_tokenizer
from pipeline.miniature.training.world.captions import caption
from pipeline.miniature.training.world.painting import SKY_AND_GROUND
from pipeline.miniature.training.world.recolouring import PALETTE
from pipeline.miniature.training.world.scenes import random_scene
from pipeline.miniature.vocabulary import PLACES, THINGS, near_things, unknown_words


def test_the_checkpoint_has_the_tokens_of_the_world() -> None:
    tokenizer = Tokenizer.from_file(str(CHECKPOINT / "tokenizer" / "tokenizer.json"))
    assert tokenizer.get_vocab() == build_tokenizer().get_vocab()
    names = {word for kind in KINDS for word in kind.name.split()} - {"t-rex", "t-shirt"}
    assert [name for name in names if len(tokenizer.encode(f" {name}", add_special_tokens=False)) > 1] == []


def test_the_world_has_what_the_words_name() -> None:
    assert (*PALETTE,) == COLOURS
    assert (*SKY_AND_GROUND,) == PLACES


def test_a_caption_has_an_unknown_word_only_for_what_is_not_offered() -> None:
    rng = random.Random("captions")
    for scene in (random_scene(rng) for _ in range(500)):
        unknown = unknown_words(caption(scene, rng))
        assert not unknown or not all(BY_ICON[thing.kind].offered for thing in scene.things), unknown


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("", []),
        ("A Red HOUSE, by the sea.", []),
        ("a wombat over two zeppelins, a wombat", ["wombat", "zeppelins"]),
        ("Ein rotes Haus", ["ein", "rotes", "haus"]),
        ("红色的房子", ["红色的房子"]),
        ("a child's house {a}", ["child's"]),
        ("5 moons", ["5"]),
        ("a UFO and two hot dogs, ink style", []),
    ],
)
def test_words_that_it_does_not_know(prompt: str, unknown: list[str]) -> None:
    assert unknown_words(prompt) == unknown


def test_what_is_offered_is_known_and_more_than_two_hundred_things() -> None:
    assert unknown_words(" ".join((*THINGS, *COLOURS, *PLACES))) == []
    assert len(THINGS) > 200


def test_a_misspelt_thing_is_near_to_what_is_meant() -> None:
    assert near_things(["elefant", "accountant", "casstle", "elefants"]) == ["elephant", "castle"]
