"""The options of the page's events. Gradio limits nothing: the job queue orders the drawing."""

from typing import Any

UNLIMITED: dict[str, Any] = {"concurrency_limit": None}
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
LATEST: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}
"""For events that can come again before they are answered: Gradio then asks for the last one, where it drops others."""
FOLLOWING: dict[str, Any] = {**UNLIMITED, "show_progress": "hidden", "api_visibility": "private"}
