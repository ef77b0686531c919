"""A repo on the Hub that is written to: what is there, and one commit that is there as a whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.hf_api import RepoFile

from ..errors import SanaError
from ..hub.client import patiently
from ..hub.progress import megabytes

LARGE = 1_000_000  # bytes: such files are sent one by one, each with a line that says so
CHANGED = (409, 412)  # what the Hub answers where `main` is not at the commit that was named
OF_ANY_REPO = (".gitattributes", "README.md")


@dataclass(frozen=True)
class Repo:
    """A repo as it was when it was looked at; `head` is the commit of `main`, None before the first."""

    name: str
    kind: str
    head: str | None
    files: dict[str, RepoFile]

    def foreign_file(self, mark: str) -> str | None:
        """A file that shows that the repo is something else: there is one, and there is no `mark` of ours."""
        return None if mark in self.files else next((name for name in self.files if name not in OF_ANY_REPO), None)


def open_repo(name: str, kind: str, private: bool) -> Repo:
    """Creates the repo where there is none; raises SanaError for a public one where a private one is asked for."""
    api = HfApi()
    sdk = "gradio" if kind == "space" else None
    patiently(lambda: api.create_repo(name, repo_type=kind, private=private or None, space_sdk=sdk, exist_ok=True))
    info = patiently(lambda: api.repo_info(name, repo_type=kind))
    if private and info.private is False:
        raise SanaError(
            f"{name} is there already, and public: make it private in its settings, or leave --private out."
        )
    return Repo(name, kind, info.sha, list_tree(name, kind, info.sha) if info.sha else {})


def list_tree(name: str, kind: str, commit: str) -> dict[str, RepoFile]:
    tree = patiently(lambda: list(HfApi().list_repo_tree(name, repo_type=kind, recursive=True, revision=commit)))
    return {file.path: file for file in tree if isinstance(file, RepoFile)}


def commit_files(
    repo: Repo, files: dict[str, Path | bytes], remove: set[str], message: str, tell: Callable[[str], object]
) -> str:
    """Sends what the Hub does not have yet, and makes one commit of it on top of `repo.head`; returns its id.

    What was sent before an interruption is not sent again. Raises HfHubHTTPError with a status in CHANGED where
    somebody else wrote to the repo meanwhile.
    """
    api = HfApi()
    additions = [CommitOperationAdd(name, content) for name, content in files.items()]
    large = [addition for addition in additions if addition.upload_info.size >= LARGE]
    for index, addition in enumerate(large, 1):
        size = megabytes(addition.upload_info.size)
        tell(f"Uploading {addition.path_in_repo}, {size} ({index} of {len(large)})")
        send = partial(api.preupload_lfs_files, repo.name, [addition], repo_type=repo.kind, free_memory=False)
        patiently(send)
    deletions = [CommitOperationDelete(name) for name in sorted(remove)]
    return patiently(
        lambda: api.create_commit(
            repo.name,
            [*additions, *deletions],
            commit_message=message,
            repo_type=repo.kind,
            parent_commit=repo.head,
        )
    ).oid
