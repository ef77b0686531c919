"""The miniature's text encoding: a tokenizer of its words, a text encoder, and batches of prompts."""

import random
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import Gemma2Config, Gemma2Model, PreTrainedTokenizerFast

from pipeline.miniature.kinds import KINDS
from pipeline.miniature.training.world.captions import caption, fragment
from pipeline.miniature.training.world.scenes import random_scene

INSTRUCTION = ["Draw one page of a picture book, plain and bright.", "Picture: "]
"""The lines before each prompt, joined by a newline, like Sana's `complex_human_instruction`."""
VOCABULARY, TRAINING_CAPTIONS = 2048, 20_000  # chosen: nearly every word of the captions becomes a single token
HIDDEN = 256  # the size of the text encoder's hidden states; chosen


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Train the tokenizer on captions. Since every byte is a token, it can tokenise any text."""
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
    )
    tokenizer.train_from_iterator([*texts, "\n".join(INSTRUCTION).lower()], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", padding_side="right"
    )


def build_text_encoder() -> Gemma2Model:
    """Return the untrained text encoder, with the same weights in each call."""
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
    """N prompts as token ids i64 [N, L], padded on the right.

    `length` i64 [N] counts the tokens of each. Hidden states are kept of token 0 and of those from `start` i64 [N] on:
    from the instruction's last token, or from 1 without an instruction. At most `most` are kept of one prompt.
    """

    input_ids: torch.Tensor
    length: torch.Tensor
    start: torch.Tensor
    most: int

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerFast, captions: list[tuple[str, bool]]) -> "Prompts":
        """Tokenise captions, given as pairs of a caption and whether the instruction comes before it."""
        instruction = "\n".join(INSTRUCTION)
        # diffusers' `encode_prompt` keeps token 0, and the tokens from the instruction's last one on.
        offset = len(tokenizer.encode(instruction)) - 1
        rows = tokenizer([instruction + text if instructed else text for text, instructed in captions]).input_ids
        starts = [offset if instructed else 1 for _, instructed in captions]
        longest = max(map(len, rows))
        return cls(
            torch.tensor([row + [0] * (longest - len(row)) for row in rows]),
            torch.tensor([len(row) for row in rows]),
            torch.tensor(starts),
            max(len(row) - start + 1 for row, start in zip(rows, starts, strict=True)),
        )

    def __len__(self) -> int:
        return len(self.length)

    def __getitem__(self, rows: torch.Tensor) -> "Prompts":
        return Prompts(self.input_ids[rows].long(), self.length[rows].long(), self.start[rows].long(), self.most)

    def to(self, device: str | torch.device) -> "Prompts":
        return Prompts(self.input_ids.to(device), self.length.to(device), self.start.to(device), self.most)

    def encode(self, text_encoder: Gemma2Model) -> tuple[torch.Tensor, torch.Tensor]:
        """Return embeddings [N, most, hidden] of token 0 and of those from `start` on, and their mask [N, most]."""
        at = torch.arange(self.input_ids.shape[1], device=self.input_ids.device)
        # The mask is made here, since transformers looks at its values, for which a GPU would have to be waited for.
        seen = (at[:, None] >= at) & (at < self.length[:, None])[:, None]
        dtype = text_encoder.embed_tokens.weight.dtype
        bias = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, torch.finfo(dtype).min)
        masks = {"full_attention": bias[:, None], "sliding_attention": bias[:, None]}
        states = text_encoder(self.input_ids, attention_mask=masks, use_cache=False).last_hidden_state
        at = at[: self.most]
        kept = torch.where(at == 0, at, at + self.start[:, None] - 1)
        kept_mask = (kept < self.length[:, None]).long()
        kept = kept.clamp(max=states.shape[1] - 1)
        return states.gather(1, kept[..., None].expand(-1, -1, states.shape[-1])), kept_mask
