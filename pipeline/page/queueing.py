"""The options of the page's events. Gradio limits nothing: the job queue orders the drawing."""

from typing import Any

UNLIMITED: dict[str, Any] = {"concurrency_limit": None}
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
FOLLOWING: dict[str, Any] = {**UNLIMITED, "show_progress": "hidden", "api_visibility": "private"}
