"""How the page looks: a theme of local fonts only, its style sheet, and the other options of `launch`."""

from pathlib import Path
from typing import Any

import gradio as gr

# The fonts of the machine itself: Gradio's theme would ask for others.
FONT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONOSPACE = ("ui-monospace", "Menlo", "Consolas", "monospace")

THEME = gr.themes.Soft(
    primary_hue="indigo", secondary_hue="indigo", neutral_hue="slate", radius_size="lg", font=FONT, font_mono=MONOSPACE
).set(
    background_fill_primary="*neutral_50",
    block_label_background_fill="transparent",
    block_title_background_fill="transparent",
    block_title_background_fill_dark="transparent",
    block_title_text_color="*body_text_color_subdued",
    block_title_text_color_dark="*body_text_color_subdued",
    block_title_padding="0",
)

LAUNCH: dict[str, Any] = {
    "theme": THEME,
    "css_paths": Path(__file__).with_name("page.css"),
    "footer_links": ["api"],
    "run_history": False,  # it would offer to keep the runs at a third party
    "show_error": True,
    "ssr_mode": False,
}

# The status line is plain text, which the endpoint returns as it is; the page draws a bar below "Step 3 of 20".
STATUS_TEMPLATE = """
<div class="line" role="status">${value || ""}</div>
${(() => {
  const step = /^Step (\\d+) of (\\d+)/.exec(value || "");
  return step ? `<div class="bar"><div style="width: ${100 * step[1] / step[2]}%"></div></div>` : "";
})()}
"""
STATUS_CSS = """
.line { font-variant-numeric: tabular-nums; color: var(--body-text-color-subdued); text-align: center; }
.bar { height: 6px; margin-top: 8px; border-radius: 3px; background: var(--border-color-primary); overflow: hidden; }
.bar div { height: 100%; border-radius: 3px; background: var(--color-accent); transition: width 0.2s linear; }
"""
