"""The tokenizer and the scheduler of a folder, loaded by their libraries, with errors in one sentence."""

from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError
from .configurations import Configurations
from .files import one_sentence


def load_tokenizer(folder: Path, configurations: Configurations) -> Any:
    """Return the tokenizer in `folder`; raise ArtifactError if it cannot be loaded or exceeds the vocabulary."""
    tokenizer_class = configurations.index.part_class("tokenizer")
    with one_sentence(f"{folder} cannot be loaded"):
        tokenizer = tokenizer_class.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokens = tokenizer("a red house", max_length=300, truncation=True).input_ids
        largest = max(tokenizer.get_vocab().values())
    if not tokens:
        raise ArtifactError(f"{folder} makes no tokens of a text.")
    text_encoder = configurations.text_encoder
    if text_encoder and largest >= text_encoder.vocab_size:
        raise ArtifactError(
            f"{folder} has tokens up to number {largest}; the text encoder knows {text_encoder.vocab_size}."
        )
    return tokenizer


def new_scheduler(configurations: Configurations) -> Any:
    """Return a new scheduler; each generation needs its own, since schedulers keep state."""
    config = configurations.scheduler.model_dump(by_alias=True, exclude_unset=True)
    return configurations.index.part_class("scheduler").from_config(config)
