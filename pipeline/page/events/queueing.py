"""What waits, and what is quick: only drawing and loading a model use the model, and so wait in one queue."""

from typing import Any

CONCURRENCY_ID = "generation"  # shared by everything that uses the model: one at a time, in the order of asking
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
