"""The words that the miniature knows: those of the bundled checkpoint and of its training, and no others."""

import random

import pytest
from tokenizers import Tokenizer

from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.captions import caption
from pipeline.miniature.training.pictograms import PALETTE, SKY_AND_GROUND
from pipeline.miniature.training.world import random_scene
from pipeline.miniature.vocabulary import COLOURS, KINDS, PLACES, _known_words, unknown_words


def test_the_checkpoint_has_a_token_for_each_word() -> None:
    tokenizer = Tokenizer.from_file(str(CHECKPOINT / "tokenizer" / "tokenizer.json"))
    split = {word for word in _known_words() if len(tokenizer.encode(f" {word}", add_special_tokens=False)) > 1}
    assert split == set()


def test_the_world_has_what_the_words_name() -> None:
    assert (*PALETTE,) == COLOURS
    assert (*SKY_AND_GROUND,) == PLACES


def test_no_caption_of_its_training_has_an_unknown_word() -> None:
    rng = random.Random("captions")
    assert {word for _ in range(500) for word in unknown_words(caption(random_scene(rng), rng))} == set()


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("", []),
        ("A Red HOUSE, by the sea.", []),
        ("a dragon over two castles, a dragon", ["dragon", "castles"]),
        ("Ein rotes Haus", ["ein", "rotes", "haus"]),
        ("红色的房子", ["红色的房子"]),
        ("a child's house {a}", ["child's"]),
        ("5 moons", ["5"]),
    ],
)
def test_words_that_it_does_not_know(prompt: str, unknown: list[str]) -> None:
    assert unknown_words(prompt) == unknown


def test_each_kind_is_known() -> None:
    assert unknown_words(" ".join((*KINDS, *COLOURS, *PLACES))) == []
