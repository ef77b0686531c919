"""Text encoding: prompt -> prompt embeddings, as in diffusers' `SanaPipeline.encode_prompt`.

Two savings leave the embeddings as they are. Padded tokens are not computed: they come last in a causal model, and the
transformer masks them. The keys and values of the constant instruction before each prompt are read from the IR folder.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from ..model_folder.files import one_sentence
from ..runtime.compiled_model import Infer
from ..runtime.prepare_ahead import PrepareAhead
from .prompt_tokens import PromptTokens

REMEMBERED = 16  # texts whose hidden states are kept, about 2 MB each; chosen: prompts alternate between a few


@dataclass(frozen=True)
class PromptEmbeddings:
    """The hidden states that the transformer attends to: f32 [1, n, hidden], of real tokens only."""

    embeddings: np.ndarray


@dataclass(frozen=True)
class Prefix:
    """The precomputed instruction of p tokens, which comes before each prompt.

    `token_ids` i64 [p]; `keys` and `values` f32 [layers, kv_heads, p, head_dim]; `hidden_states` f32 [p, hidden].
    """

    token_ids: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    hidden_states: np.ndarray

    @classmethod
    def load(cls, path: Path) -> "Prefix":
        """Read a prefix file; raise ArtifactError if its arrays are missing or do not fit together."""
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
    """A text encoder: a compiled Gemma with the checkpoint's tokenizer.

    With a prefix, `infer` has the inputs of `export.modules.TextEncoderModule`. Without one, it takes whole texts as
    "input_ids" and "attention_mask", as optimum-intel exports Gemma.
    """

    def __init__(
        self, infer: Infer, tokenizer: Any, prefix: Prefix | None, instruction: list[str], max_sequence_length: int
    ) -> None:
        self.tokens = PromptTokens(tokenizer, instruction, max_sequence_length)
        self._infer = infer
        self._prefix = prefix
        self._ahead = PrepareAhead()
        self._max_sequence_length = max_sequence_length
        self._remembered = lru_cache(REMEMBERED)(self._computed)  # the same prompt with another seed costs nothing

    def prepare(self) -> None:
        """Encode a word in another thread: OpenVINO brings the weights into their final layout in the first call."""
        self._ahead.begin(lambda: self._remembered(self.tokens.of("any")))

    def encode(self, prompt: str) -> PromptEmbeddings:
        """Encode a prompt after the instruction; keep token 0 and the last `max_sequence_length` - 1 tokens."""
        if not self.tokens.has_instruction:
            return self.encode_negative(prompt)
        token_ids = self.tokens.of(prompt)
        # diffusers selects from the sequence that is padded on the right to that length. Keep its real tokens.
        selected = [0, *range(self.tokens.most() - self._max_sequence_length + 1, len(token_ids))]
        return PromptEmbeddings(self._hidden_states(token_ids)[None, selected])

    def encode_negative(self, prompt: str) -> PromptEmbeddings:
        """Encode the first `max_sequence_length` tokens of a prompt, without the instruction."""
        return PromptEmbeddings(self._hidden_states(self.tokens.of_negative(prompt))[None])

    def _hidden_states(self, tokens: tuple[int, ...]) -> np.ndarray:
        """Return the hidden states f32 [n, hidden] of n tokens."""
        self._ahead.end()
        return self._remembered(tokens)

    def _computed(self, tokens: tuple[int, ...]) -> np.ndarray:
        """Compute the hidden states f32 [n, hidden] of n tokens, but those that the prefix holds."""
        token_ids = np.asarray(tokens, dtype=np.int64)
        if self._prefix is None:
            whole = self._infer({"input_ids": token_ids[None], "attention_mask": np.ones_like(token_ids)[None]})
            return whole.squeeze(0)
        # Instruction and prompt are tokenised together, so a token across their seam may differ from the prefix.
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


def _common_length(a: np.ndarray, b: np.ndarray) -> int:
    length = min(len(a), len(b))
    different = np.flatnonzero(a[:length] != b[:length])
    return int(different[0]) if different.size else length
