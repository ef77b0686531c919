"""The facts about the running model as HTML: its name, its conversion, its device and its memory."""

import html

import psutil

from ..domain.model import ModelDescription
from ..runtime.host import free_memory
from .words import English

FULL_SIZE = "python app.py --model DIR"


def badge(model: ModelDescription, device: str, line: str | None, words: English, share: float | None = None) -> str:
    """Return the status line at the top of the page.

    `line` describes the loading of the model, None if it is ready. `share` is what is done of it, from 0 to 1.
    """
    state = f'<span class="busy">{html.escape(line)}</span>' if line else f'<span class="ready">{words.ready}</span>'
    if share is not None:
        state += f'<progress value="{share:.3f}" aria-label="{html.escape(str(line))}"></progress>'
    facts = " · ".join(html.escape(fact) for fact in (model.name, device))
    return f'<div class="badge" role="status"><span>{facts}</span>{state}</div>'


def note(model: ModelDescription, words: English) -> str:
    """Return a note on the limits of the bundled model, or "" for other models."""
    return f"<p>{html.escape(words.miniature_note)}</p>" if model.is_miniature else ""


def facts(model: ModelDescription, device: str, words: English) -> str:
    """Return a table about the model, its device and the memory in use."""
    rows = words.facts(model, device, psutil.Process().memory_info().rss, free_memory())
    cells = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
    more = words.about_miniature(FULL_SIZE) if model.is_miniature else ""
    return f'<div class="facts"><dl>{cells}</dl>{more}</div>'
