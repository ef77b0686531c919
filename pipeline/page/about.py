"""What is running, as HTML: the model, how exactly it was converted, where it computes, and what memory it takes."""

import html

import psutil

from ..domain.model import ModelDescription
from ..runtime.host import free_memory
from .words import English

FULL_SIZE = "python app.py --model DIR"


def badge(model: ModelDescription, device: str, line: str | None, words: English) -> str:
    """Return one line for the top of the page; `line` says what is being done until the model is ready."""
    state = f'<span class="busy">{html.escape(line)}</span>' if line else f'<span class="ready">{words.ready}</span>'
    facts = " · ".join(html.escape(fact) for fact in (model.name, device))
    return f'<div class="badge" role="status"><span>{facts}</span>{state}</div>'


def note(model: ModelDescription, words: English) -> str:
    """Return what to expect of the bundled model, to stand beside its examples."""
    return f"<p>{html.escape(words.miniature_note)}</p>" if model.is_miniature else ""


def facts(model: ModelDescription, device: str, words: English) -> str:
    """Return a table of what runs."""
    rows = words.facts(model, device, psutil.Process().memory_info().rss, free_memory())
    cells = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
    more = words.about_miniature(FULL_SIZE) if model.is_miniature else ""
    return f'<div class="facts"><dl>{cells}</dl>{more}</div>'
