"""How the page's events run in Gradio: the order of drawing is the job queue's, so Gradio limits nothing."""

from typing import Any

UNLIMITED: dict[str, Any] = {"concurrency_limit": None}
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
FOLLOWING: dict[str, Any] = {**UNLIMITED, "show_progress": "hidden", "api_visibility": "private"}
