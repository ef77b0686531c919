"""The miniature's text side: a tokenizer of its words, its text encoder, and prompts as both take them."""

import random
from dataclasses import dataclass

import torch
from transformers import Gemma2Model, PreTrainedTokenizerFast

from pipeline.miniature.illustrations.kinds import KINDS
from pipeline.miniature.illustrations.phrases import caption, fragment
from pipeline.miniature.illustrations.scenes import random_scene
from pipeline.miniature.training import text
from pipeline.miniature.training.text import INSTRUCTION

VOCABULARY, INTERMEDIATE, TRAINING_CAPTIONS = 2048, 640, 20_000


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Train the tokenizer. Every byte is a token: any text tokenises. The words of the captions are one token each."""
    rng = random.Random("tokenizer")
    texts = [f" {word}" for kind in KINDS for names in kind.words for word in names] * 20
    for _ in range(TRAINING_CAPTIONS):
        scene = random_scene(rng)
        texts += [" " + caption(scene, rng), fragment(scene, rng)]
    return text.train_tokenizer(texts, VOCABULARY)


def build_text_encoder() -> Gemma2Model:
    """Return the untrained text encoder; the same at each call."""
    return text.build_text_encoder(VOCABULARY, INTERMEDIATE)


@dataclass(frozen=True)
class Prompts:
    """Prompts as token ids i64 [N, L], padded on the right, and where each begins behind the instruction.

    `length` and `start` are i64 [N]; `start` is 1 where no instruction goes before.
    """

    input_ids: torch.Tensor
    length: torch.Tensor
    start: torch.Tensor

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerFast, captions: list[tuple[str, bool]]) -> "Prompts":
        """Tokenise captions, each with the instruction before it if that is asked for."""
        instruction = "\n".join(INSTRUCTION)
        # diffusers keeps token 0 and what follows the instruction but for its last token (`encode_prompt`)
        offset = len(tokenizer.encode(instruction)) - 1
        rows = tokenizer([instruction + text if instructed else text for text, instructed in captions]).input_ids
        longest = max(map(len, rows))
        return cls(
            torch.tensor([row + [0] * (longest - len(row)) for row in rows]),
            torch.tensor([len(row) for row in rows]),
            torch.tensor([offset if instructed else 1 for _, instructed in captions]),
        )

    def __getitem__(self, rows: torch.Tensor) -> "Prompts":
        return Prompts(self.input_ids[rows].long(), self.length[rows].long(), self.start[rows].long())

    def to(self, device: str | torch.device) -> "Prompts":
        return Prompts(self.input_ids.to(device), self.length.to(device), self.start.to(device))

    def encode(self, text_encoder: Gemma2Model) -> tuple[torch.Tensor, torch.Tensor]:
        """Return prompt embeddings [N, L, hidden], token 0 first and then those from `start` on, and their mask."""
        at = torch.arange(self.input_ids.shape[1], device=self.input_ids.device)
        mask = (at < self.length[:, None]).long()
        states = text_encoder(self.input_ids, attention_mask=mask).last_hidden_state
        kept = torch.where(at == 0, 0, at + self.start[:, None] - 1)
        kept_mask = (kept < self.length[:, None]).long()
        kept = kept.clamp(max=states.shape[1] - 1)
        return states.gather(1, kept[..., None].expand(-1, -1, states.shape[-1])), kept_mask
