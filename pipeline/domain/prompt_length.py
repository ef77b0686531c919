"""The length of a prompt, in the tokens of a text encoder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PromptLength:
    """The `tokens` of a prompt, of which at most `limit` are encoded, and the text of the others: `cut`, "" if none."""

    tokens: int
    limit: int
    cut: str
