"""Publishing on the Hugging Face Hub: an IR folder as a model repo, and this program as its Space."""

from .login import check_publishing
from .model_repo import publish
from .space import publish_space

__all__ = ["check_publishing", "publish", "publish_space"]
