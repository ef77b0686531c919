"""Prompt -> prompt embeddings, as diffusers' `SanaPipeline.encode_prompt` makes them.

Two exact savings (Gemma is causal, padding is on the right, and the transformer masks padded tokens): padded tokens
are never computed, and the keys and values of the constant instruction before each prompt come from the IR folder.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from ..model_folder.files import one_sentence
from ..runtime.compiled_model import Infer

REMEMBERED = 16  # texts whose hidden states are kept, of about 2 MB each


@dataclass(frozen=True)
class PromptEmbeddings:
    """The hidden states that the transformer attends to: f32 [1, n, hidden], real tokens only, so no mask."""

    embeddings: np.ndarray


@dataclass(frozen=True)
class Prefix:
    """The instruction's tokens i64 [p], their keys and values f32 [layers, kv_heads, p, head_dim], and their
    hidden states f32 [p, hidden]."""

    token_ids: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    hidden_states: np.ndarray

    @classmethod
    def load(cls, path: Path) -> "Prefix":
        """Read the file; raise ArtifactError unless it holds such arrays, of one number of tokens."""
        with one_sentence(f"{path} is no prefix"):
            prefix = cls(**load_file(path))
            arrays = (prefix.token_ids, prefix.keys, prefix.values, prefix.hidden_states)
            (tokens,) = prefix.token_ids.shape
            fits = prefix.keys.ndim == 4 and prefix.keys.shape == prefix.values.shape
            fits = fits and prefix.keys.shape[2] == tokens == len(prefix.hidden_states)
            if not fits or [array.dtype for array in arrays] != [np.int64, *[np.float32] * 3]:
                raise ValueError("its arrays do not fit together")
        return prefix


class TextEncoder:
    """Encodes prompts with a compiled text encoder and the checkpoint's own tokenizer.

    Without a prefix, `infer` takes whole texts, "input_ids" and "attention_mask", as optimum-intel exports it.
    """

    def __init__(
        self, infer: Infer, tokenizer: Any, prefix: Prefix | None, instruction: list[str], max_sequence_length: int
    ) -> None:
        self._infer = infer
        self._tokenizer = tokenizer
        self._prefix = prefix
        self._instruction = "\n".join(instruction)
        self._max_sequence_length = max_sequence_length
        self._remembered = lru_cache(REMEMBERED)(self._hidden_states)  # another seed costs no text encoding

    def encode(self, prompt: str) -> PromptEmbeddings:
        """Encodes a prompt with the instruction before it; keeps token 0 and the last `max_sequence_length` - 1."""
        if not self._instruction:
            return self.encode_negative(prompt)
        instruction_tokens = len(self._tokenizer.encode(self._instruction))
        max_length = instruction_tokens + self._max_sequence_length - 2
        token_ids = self._tokenize(self._instruction + _normalised(prompt), max_length)
        # diffusers selects from the right-padded sequence of max_length; of those, the real tokens are kept here.
        selected = [0, *range(max_length - self._max_sequence_length + 1, len(token_ids))]
        return PromptEmbeddings(self._remembered(token_ids)[None, selected])

    def encode_negative(self, prompt: str) -> PromptEmbeddings:
        """Encodes a prompt without the instruction: its first `max_sequence_length` tokens."""
        token_ids = self._tokenize(_normalised(prompt), self._max_sequence_length)
        return PromptEmbeddings(self._remembered(token_ids)[None])

    def _tokenize(self, text: str, max_length: int) -> tuple[int, ...]:
        encoded = self._tokenizer(text, max_length=max_length, truncation=True, add_special_tokens=True)
        return tuple(encoded["input_ids"])

    def _hidden_states(self, tokens: tuple[int, ...]) -> np.ndarray:
        """Hidden states f32 [n, hidden] of n tokens; only what the prefix does not hold is computed."""
        token_ids = np.asarray(tokens, dtype=np.int64)
        if self._prefix is None:
            return self._infer({"input_ids": token_ids[None], "attention_mask": np.ones_like(token_ids)[None]})[0]
        # The whole text was tokenised, since tokens may merge across the seam between instruction and prompt.
        shared = _common_length(token_ids, self._prefix.token_ids)
        known = self._prefix.hidden_states[:shared]
        if shared == len(token_ids):
            return known
        computed = self._infer(
            {
                "input_ids": token_ids[None, shared:],
                "position_ids": np.arange(shared, len(token_ids), dtype=np.int64)[None],
                "past_keys": np.ascontiguousarray(self._prefix.keys[:, :, :shared]),
                "past_values": np.ascontiguousarray(self._prefix.values[:, :, :shared]),
            }
        )
        return np.concatenate([known, computed[0]])


def _normalised(prompt: str) -> str:
    return prompt.lower().strip()


def _common_length(a: np.ndarray, b: np.ndarray) -> int:
    length = min(len(a), len(b))
    different = np.flatnonzero(a[:length] != b[:length])
    return int(different[0]) if different.size else length
