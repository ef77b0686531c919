"""The looks of the page: a theme with local fonts, a style sheet, and other options of `launch`."""

import html
import json
from pathlib import Path
from typing import Any

import gradio as gr

from .browser_scripts import FOLDER
from .words import English

# Fonts of the visitor's machine: Gradio's own themes fetch web fonts.
FONT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONOSPACE = ("ui-monospace", "Menlo", "Consolas", "monospace")

FIRST_SCRIPTS = [FOLDER / name for name in ("accessibility.js", "building.js")]
HEAD_SCRIPTS = [FOLDER / name for name in ("kept.js", "connection.js")]
FIRST_STYLE_SHEETS = ("frame.css", "access.css")
STYLE_SHEETS = ("page.css", "pictures.css", "prompt.css", "phone.css")

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.teal,
    secondary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.stone,
    radius_size="lg",
    font=FONT,
    font_mono=MONOSPACE,
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="*neutral_950",
    body_text_color_subdued="*neutral_600",  # at least 4.5 to 1, the contrast that WCAG 2 AA asks for
    body_text_color_subdued_dark="*neutral_400",
    background_fill_primary="white",
    background_fill_primary_dark="*neutral_900",
    block_background_fill="white",
    block_background_fill_dark="*neutral_900",
    block_border_width="1px",
    block_border_color="*neutral_200",
    block_border_color_dark="*neutral_800",
    block_shadow="none",
    block_label_background_fill="transparent",
    block_label_background_fill_dark="transparent",
    block_title_background_fill="transparent",
    block_title_background_fill_dark="transparent",
    block_title_text_color="*neutral_700",
    block_title_text_color_dark="*neutral_300",
    block_title_text_weight="550",
    block_title_padding="0",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_400",
    input_background_fill="*neutral_50",
    input_background_fill_dark="*neutral_950",
    input_border_color="*neutral_300",
    input_border_color_dark="*neutral_700",
    input_border_color_focus="*primary_600",
    input_border_color_focus_dark="*primary_500",
    input_placeholder_color="*neutral_500",
    input_placeholder_color_dark="*neutral_400",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover_dark="*primary_800",
    button_primary_text_color="white",
    button_primary_text_color_dark="white",
    button_secondary_background_fill="white",
    button_secondary_background_fill_hover="*neutral_100",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_background_fill_hover_dark="*neutral_700",
    button_secondary_border_color="*neutral_300",
    button_secondary_border_color_dark="*neutral_700",
    slider_color="*primary_600",
    slider_color_dark="*primary_500",
    color_accent_soft="*primary_50",
    color_accent_soft_dark="*neutral_800",
)


def first_head(words: English) -> str:
    """Return what the page's head needs before Gradio builds the page, as HTML. Gradio adds its own `head` later."""
    title = f":root {{ --word-title: {json.dumps(words.title, ensure_ascii=False)}; }}"
    styles = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in FIRST_STYLE_SHEETS)
    scripts = "".join(path.read_text(encoding="utf-8") for path in FIRST_SCRIPTS)
    return f"<style>{title} {styles}</style><script>{scripts}</script>"


def launch_options(words: English) -> dict[str, Any]:
    """Return the options of `launch` that concern the page."""
    # CSS escapes quotes as JSON does, but other characters differently.
    painted = "".join(
        f"--word-{name}: {json.dumps(text, ensure_ascii=False)}; " for name, text in words.painted.items()
    )
    said = html.escape(json.dumps({"offline": words.offline}))
    scripts = (path.read_text(encoding="utf-8") for path in HEAD_SCRIPTS)
    return {
        "head": "".join(f"<script data-words='{said}'>{text}</script>" for text in scripts),
        "theme": THEME,
        "css": f":root {{ {painted}}}",
        "css_paths": [Path(__file__).with_name(name) for name in STYLE_SHEETS],
        "footer_links": ["api"],
        "run_history": False,  # Gradio's would offer to keep runs at a third party
        "show_error": False,  # unexpected errors may name paths of the server; `gr.Error` is shown anyway
        "ssr_mode": False,
    }
