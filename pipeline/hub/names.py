"""Names on the Hub: OWNER/NAME, or OWNER/NAME@REVISION with a tag, a branch or a commit."""

import re
from dataclasses import dataclass

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..domain.errors import SanaError

_NAME = re.compile(r"(?P<repo>[A-Za-z0-9_][\w.-]*/[\w.-]+)(@(?P<revision>[\w.+/-]+))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubName:
    """A repo, and the revision if the name contains one."""

    repo: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> "HubName | None":
        """Return the name in `text`, or None if it is no valid name."""
        match = _NAME.fullmatch(text)
        if not match:
            return None
        try:
            validate_repo_id(match["repo"])
        except HFValidationError:
            return None
        return cls(match["repo"], match["revision"])

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision}" if self.revision else self.repo


def is_commit(revision: str) -> bool:
    """Return True for a commit, whose files never change, unlike those of a branch or a tag."""
    return bool(_COMMIT.fullmatch(revision))


def check_repo(text: str, flag: str) -> str:
    """Return the repo in `text`, given with a command line `flag`; raise SanaError unless it is OWNER/NAME."""
    name = HubName.parse(text)
    if name is None or name.revision:
        raise SanaError(f"{flag} takes OWNER/NAME, letters, digits and . _ - in each, not {text!r}.")
    return name.repo
