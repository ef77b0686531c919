"""The tokens of prompts: how many there are, and which are encoded, as in diffusers' `SanaPipeline.encode_prompt`.

This needs no compiled model, and can be pickled: of a model on other machines, the page counts the tokens here.
"""

import threading
from functools import cached_property
from itertools import takewhile
from typing import Any

from ..domain.prompt_length import PromptLength


class PromptTokens:
    """The tokenizer of a text encoder, the instruction before each prompt, and how many tokens are encoded."""

    def __init__(self, tokenizer: Any, instruction: list[str], max_sequence_length: int) -> None:
        self._tokenizer = tokenizer
        self._instruction = "\n".join(instruction)
        self._max_sequence_length = max_sequence_length
        self._tokenizing = threading.Lock()  # a tokenizer keeps its truncation as state, and threads count tokens

    def __reduce__(self) -> tuple[Any, ...]:
        return PromptTokens, (self._tokenizer, self._instruction.split("\n"), self._max_sequence_length)

    @property
    def has_instruction(self) -> bool:
        return bool(self._instruction)

    def of(self, prompt: str) -> tuple[int, ...]:
        """Return the tokens of the instruction and a prompt after it, at most `most()` of them."""
        return self._tokenize(self._instruction + _normalised(prompt), self.most())

    def of_negative(self, prompt: str) -> tuple[int, ...]:
        """Return the first `max_sequence_length` tokens of a prompt, without the instruction."""
        return self._tokenize(_normalised(prompt), self._max_sequence_length)

    def most(self) -> int:
        """Return how many tokens of the instruction and the prompt after it are encoded, at most."""
        if not self._instruction:
            return self._max_sequence_length
        return self._instruction_length + self._max_sequence_length - 2

    def length(self, prompt: str, is_negative: bool = False) -> PromptLength:
        """Return the length of a prompt, or of a negative one, and what of it is not encoded."""
        text, before, most = _normalised(prompt), len(self._tokenize("")), self._max_sequence_length
        if not is_negative:
            text, before, most = self._instruction + text, self._instruction_length, self.most()
        everything = self._tokenize(text)
        same = takewhile(lambda pair: pair[0] == pair[1], zip(everything, self._tokenize(text, most), strict=False))
        cut = self._tokenizer.decode(everything[sum(1 for _ in same) :], skip_special_tokens=True)
        return PromptLength(len(everything) - before, most - before, cut.strip())

    @cached_property
    def _instruction_length(self) -> int:
        return len(self._tokenize(self._instruction))

    def _tokenize(self, text: str, max_length: int | None = None) -> tuple[int, ...]:
        """Return the tokens of a text, cut to `max_length` as diffusers does."""
        with self._tokenizing:
            encoded = self._tokenizer(
                text, max_length=max_length, truncation=max_length is not None, add_special_tokens=True, verbose=False
            )
        return tuple(encoded["input_ids"])


def _normalised(prompt: str) -> str:
    return prompt.lower().strip()
