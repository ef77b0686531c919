"""Models on the Hugging Face Hub: which commit a name stands for, and its files in the Hub client's cache."""

from .checkpoint import Source, find_checkpoint, find_vae
from .download import fetch, fetch_description
from .names import HubName

__all__ = ["HubName", "Source", "fetch", "fetch_description", "find_checkpoint", "find_vae"]
