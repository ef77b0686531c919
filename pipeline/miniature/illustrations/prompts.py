"""The miniature's text side: its instruction, a byte-level BPE tokenizer, and a tiny Gemma-2."""

import random
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import Gemma2Config, Gemma2Model, PreTrainedTokenizerFast

from pipeline.miniature.illustrations.kinds import KINDS
from pipeline.miniature.illustrations.phrases import caption, fragment
from pipeline.miniature.illustrations.scenes import random_scene

INSTRUCTION = ["Draw one page of a picture book, plain and bright.", "Picture: "]
"""Stands where Sana has its complex human instruction: before the prompt, lines joined by a newline."""
VOCABULARY, TRAINING_CAPTIONS = 2048, 20_000
HIDDEN = 256


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Train the tokenizer. Every byte is a token: any text tokenises. The words of the captions are one token each."""
    rng = random.Random("tokenizer")
    texts = [f" {word}" for kind in KINDS for names in kind.words for word in names] * 20
    for _ in range(TRAINING_CAPTIONS):
        scene = random_scene(rng)
        texts += [" " + caption(scene, rng), fragment(scene, rng)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<pad>", "<eos>", "<bos>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, "\n".join(INSTRUCTION).lower()], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", padding_side="right"
    )


def build_text_encoder() -> Gemma2Model:
    """Return the untrained text encoder; the same at each call."""
    torch.manual_seed(2)
    return Gemma2Model(
        Gemma2Config(
            vocab_size=VOCABULARY,
            hidden_size=HIDDEN,
            intermediate_size=640,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            query_pre_attn_scalar=64,
            max_position_embeddings=1024,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=2,
        )
    )


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
