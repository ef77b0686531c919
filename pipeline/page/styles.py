"""Styles: named words that are added to a prompt."""

from ..errors import SettingsError

NO_STYLE = "none"
STYLES = {NO_STYLE: ""}


def apply_style(style: object, prompt: str) -> str:
    """The prompt with the words of a style after it; raises SettingsError for an unknown one."""
    if not isinstance(style, str) or style not in STYLES:
        raise SettingsError(f"There is no style {str(style)[:40]!r}; there are: {', '.join(STYLES)}.")
    return f"{prompt}, {STYLES[style]}" if STYLES[style] else prompt
