"""Sentences that are announced at once."""

import html


def alert(text: str) -> str:
    """Return text as HTML that a screen reader announces at once."""
    return f'<p role="alert">{html.escape(text)}</p>'
