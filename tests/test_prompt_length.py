"""The counting of tokens: it agrees with what is encoded, and disturbs no drawing."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from pipeline.domain.prompt_length import PromptLength
from pipeline.domain.settings import NEGATIVE_PROMPT, PROMPT
from pipeline.generation.text_encoder import TextEncoder
from pipeline.page.prompt_line import prompt_line
from pipeline.page.words import English
from tests.tiny_checkpoint import tokenizer

LIMIT = 24  # tokens, in place of Sana's 300
LONG = "A red house under the BIG yellow moon and two white clouds near the sea, " * 3
PROMPTS = ["", " a red house ", "a red house <by> the \tsea", "雪の夜 🌙 İstanbul", LONG, LONG + "🌙🌙"]


def encoder(*instruction: str) -> TextEncoder:
    """Return a text encoder whose hidden states are the numbers of the tokens."""

    def infer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        return inputs["input_ids"][..., None].astype(np.float32)

    return TextEncoder(infer, tokenizer(), None, [*instruction], LIMIT)


def ids(embeddings: Any) -> list[int]:
    return [int(token) for token in embeddings.embeddings.flat]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("instruction", [(), ("Draw one page.", "Picture: ")])
def test_what_is_counted_and_cut_is_what_is_encoded_and_not(instruction: tuple[str, ...], prompt: str) -> None:
    own = encoder(*instruction)
    before = 2 if instruction else 1  # the first token, and the last one of the instruction
    everything = tokenizer()("\n".join(instruction) + prompt.lower().strip()).input_ids
    for length, encoded in (
        (own.tokens.length(prompt), ids(own.encode(prompt))),
        (encoder().tokens.length(prompt, is_negative=True), ids(encoder().encode_negative(prompt))),
    ):
        assert length.limit == LIMIT - before
        assert len(encoded) - before == min(length.tokens, length.limit)
        assert bool(length.cut) == (length.tokens > length.limit)
        if length.cut:
            cut = everything[-(length.tokens - length.limit) :]
            assert encoded[1:] + cut == everything[1 - LIMIT - len(cut) :]
            assert length.cut == tokenizer().decode(cut).strip()
        before, everything = 1, tokenizer()(prompt.lower().strip()).input_ids


def test_counting_in_other_threads_changes_nothing_that_is_encoded() -> None:
    own = encoder("Draw one page.", "Picture: ")
    expected = ids(own.encode(LONG))
    with ThreadPoolExecutor(4) as pool:
        counts = [pool.submit(own.tokens.length, LONG) for _ in range(100)]
        assert all(ids(own.encode(LONG)) == expected for _ in range(100))
        assert len({each.result() for each in counts}) == 1


def test_tokens_are_counted_alike_where_they_were_sent() -> None:
    for instruction in ((), ("Draw one page.", "Picture: ")):
        own = encoder(*instruction).tokens
        sent = pickle.loads(pickle.dumps(own))
        for prompt in PROMPTS:
            assert [sent.length(prompt), sent.length(prompt, True)] == [own.length(prompt), own.length(prompt, True)]


def test_the_line_shows_what_is_cut_as_text() -> None:
    words, short = English(), PromptLength(3, 298, "")
    assert prompt_line({}, [], words) == ""
    assert prompt_line({PROMPT.name: PromptLength(0, 298, ""), NEGATIVE_PROMPT.name: short}, [], words) == ""
    line = prompt_line({PROMPT.name: short, NEGATIVE_PROMPT.name: short}, [], words)
    assert "3 of 298 tokens" in line
    assert "<s>" not in line
    long = PromptLength(299, 298, "<i>" * 100)
    line = prompt_line({PROMPT.name: long, NEGATIVE_PROMPT.name: long}, ["<b>" * 100] * 100, words)
    assert line.count("<s>&lt;i&gt;&lt;i&gt;") == 2
    assert line.count("&lt;b&gt;") < 100
    assert "Negative prompt: 299 of 298 tokens." in line
    assert len(line) < 3000
