"""What is running, in words: the model, how exactly it was converted, where it computes, and what memory it takes."""

import html

import psutil

from ..machine import free_memory
from .description import Description

MINIATURE = (
    "This is the bundled miniature, a very small Sana trained for this program: it draws picture-book scenes of "
    "circles, squares, triangles, stars, hearts, suns, moons, clouds, houses, trees, flowers, mushrooms, cars, boats, "
    "balloons and fish, in ten colours, by day, at night, at sea or in the desert. It knows nothing else."
)
FULL_SIZE = "python app.py --model DIR"


def badge(model: Description, device: str, line: str | None) -> str:
    """One line on top of the page; `line` says what is being done until the model is ready."""
    state = f'<span class="busy">{html.escape(line)}</span>' if line else '<span class="ready">Ready</span>'
    facts = " · ".join(html.escape(fact) for fact in (model.name, device))
    return f'<div class="badge" role="status"><span>{facts}</span>{state}</div>'


def note(model: Description) -> str:
    """What to expect of the bundled model, beside its examples."""
    if not model.is_miniature:
        return ""
    return (
        "<p>The bundled miniature draws picture-book scenes only: houses, trees, flowers, cars, boats, stars and "
        "the like, in plain colours.</p>"
    )


def facts(model: Description, device: str) -> str:
    """A table of what runs."""
    rows = [
        ("Model", model.name),
        ("Source", f"{model.source}, {model.revision}" if model.revision else model.source),
        ("Kind", "Sana Sprint: few steps, no negative prompt" if model.family == "sprint" else "Sana with guidance"),
        ("Compression", model.compression),
        ("Compared with torch", _parity(model)),
        ("Device", device),
        ("Memory", f"{_gigabytes(psutil.Process().memory_info().rss)} in use, {_gigabytes(free_memory())} free"),
    ]
    cells = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in rows)
    note = ""
    if model.is_miniature:
        note = (
            f"<p>{MINIATURE}</p><p>For any other picture, turn a full-size checkpoint into a folder with "
            f"<code>precompile.py</code> (see the README) and start <code>{FULL_SIZE}</code></p>"
        )
    return f'<div class="facts"><dl>{cells}</dl>{note}</div>'


def _parity(model: Description) -> str:
    measured = [
        f"{name.replace('_', ' ')} {part['parity_db']:.0f} dB"
        for name, part in model.components.items()
        if isinstance(part, dict) and "parity_db" in part
    ]
    if model.pictures:
        worst = min(model.pictures, key=lambda picture: picture["psnr_db"])
        measured.append(f"pictures at least {worst['psnr_db']:.0f} dB")
    return ", ".join(measured) or "not known yet: it is measured when the model is precompiled"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
