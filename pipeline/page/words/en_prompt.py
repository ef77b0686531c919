"""The English words about the prompt: the line under it."""

from collections.abc import Mapping

from ...domain.prompt_length import PromptLength


class PromptWords:
    """The part of `English` about what is typed as a prompt."""

    cut = "Too long: the model does not read"
    list_switch, list_placeholder = "List", "One prompt a line; {red|blue} draws both"
    waiting: Mapping[str, str] = {
        "waiting": "Waiting: {count}",
        "skip": "Skip this one",
        "up": "Earlier: {prompt}",
        "down": "Later: {prompt}",
        "remove": "Remove: {prompt}",
    }
    scene: Mapping[str, str] = {
        "build": "Build a scene",
        "thing": "Thing",
        "none": "choose …",
        "colour": "Colour",
        "place": "Place",
        "more": "and one more thing",
        "replaced": "The chips have replaced your prompt.",
        "samples": "Drawn by the miniature. Press one to draw it again:",
    }
    homes: Mapping[str, str] = {"land": "On land", "sky": "In the sky", "sea": "In the water", "thing": "Anywhere"}
    """The groups of things, by where they are usually seen."""

    def tokens(self, length: PromptLength) -> str:
        return f"{length.tokens} of {length.limit} tokens"

    def negative_tokens(self, length: PromptLength) -> str:
        """Return how long a negative prompt is that is cut; `cut` follows."""
        return f"Negative prompt: {self.tokens(length)}. "

    def unknown(self, unknown: str, near: str) -> str:
        near = f" Do you mean: {near}?" if near else ""
        return f"The miniature does not know: {unknown}.{near} What it draws is listed under “{self.scene['build']}”."

    def prompts(self, count: int) -> str:
        return "1 prompt" if count == 1 else f"{count} prompts"

    def draws(self, prompt: str) -> str:
        return f"Draw: {prompt}"
