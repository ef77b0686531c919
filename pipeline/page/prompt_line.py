"""The line under the prompt: how long it is for the model, what is cut off, what the miniature does not know."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.prompt_length import PromptLength
from ..domain.prompt_list import read_prompts
from ..domain.settings import MODEL, NEGATIVE_PROMPT, PROMPT, STYLE
from ..jobs.service import GenerationService
from ..miniature.vocabulary import near_things, unknown_words
from .browser_scripts import script
from .controls import Controls
from .list_switch import LISTED
from .queueing import LATEST, QUIET
from .visitor import Visitor
from .words import English

MAX_CUT = 120  # characters shown of what is cut off; chosen: two lines on a phone
MAX_UNKNOWN = 5  # words that are named; chosen: one line on a phone


def build_prompt_line(parts: Any) -> None:
    parts.prompt_line = gr.HTML("", js_on_load=script("prompt_line", words={}), elem_id="prompt-line")


def connect_prompt_line(
    app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    """Fill the line when the browser asks for it, which it does a while after a change."""

    def measure(request: gr.Request, **values: Any) -> str:
        listed, prompt = values.pop(LISTED) is True, values[PROMPT.name]
        model = service.models.describe(service.models.find(values[MODEL.name]))
        if not isinstance(prompt, str):
            return ""
        unknown = unknown_words(prompt) if model.is_miniature else []
        if not listed:
            return prompt_line(service.prompt_lengths(values), unknown, words)
        visitor = Visitor.of(app, request)
        try:
            prompts = read_prompts(prompt, service.room(visitor.name, visitor.address))
        except SanaError as error:
            return _paragraph(_warning(words.error(error))) if prompt.strip() else ""
        lengths = [service.prompt_lengths({**values, PROMPT.name: each}) for each in prompts]
        longest = max(lengths, key=lambda each: each[PROMPT.name].tokens if each else 0)
        return prompt_line(longest, unknown, words, len(prompts))

    read = {each.name: controls[each.name] for each in (PROMPT, NEGATIVE_PROMPT, STYLE, MODEL)} | {LISTED: parts.listed}
    event: dict[str, Any] = {"preprocess": False, **LATEST}
    parts.prompt_line.input(measure, inputs_kwargs=read, outputs=parts.prompt_line, **event)
    changes = [each.change for each in read.values()]
    gr.on(changes, None, None, None, js="() => { window.sana.promptChanged?.(); }", **QUIET)
    parts.badge.change(None, None, None, js="() => { window.sana.modelTold?.(); }", **QUIET)


def prompt_line(
    lengths: Mapping[str, PromptLength], unknown: list[str], words: English, prompts: int | None = None
) -> str:
    """Return the line as HTML, "" if there is nothing to say.

    `lengths` are those of prompt and negative prompt by parameter name, {} if they are not known. `unknown` are words
    of the prompt that the miniature does not know. `prompts` counts those of a list; `lengths` are then of its longest.
    """
    spans = [_warning(words.unknown(_named(unknown), ", ".join(near_things(unknown[:MAX_UNKNOWN]))))] if unknown else []
    if lengths and (prompt := lengths[PROMPT.name]).tokens:
        spans.insert(0, _span(words.tokens(prompt), "tokens"))
        if prompt.cut:
            spans.append(_warning(words.cut, prompt.cut))
    if lengths and (negative := lengths[NEGATIVE_PROMPT.name]).cut:
        spans.append(_warning(f"{words.negative_tokens(negative)}{words.cut}", negative.cut))
    if prompts is not None:
        spans.insert(0, _span(words.prompts(prompts), "prompts"))
    return _paragraph(*spans) if spans else ""


def _paragraph(*spans: str) -> str:
    return f"<p>{''.join(spans)}</p>"


def _span(text: str, kind: str) -> str:
    return f'<span class="{kind}">{html.escape(text)}</span>'


def _named(unknown: Sequence[str]) -> str:
    names = ", ".join(_shortened(word, MAX_CUT // MAX_UNKNOWN) for word in unknown[:MAX_UNKNOWN])
    return names + " …" * (len(unknown) > MAX_UNKNOWN)


def _warning(text: str, cut: str = "") -> str:
    shown = f" <s>{html.escape(_shortened(cut, MAX_CUT))}</s>" if cut else ""
    return f'<span class="warning" role="status">{html.escape(text)}{shown}</span>'


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
