"""A repo on the Hub to write to: its files, and one atomic commit on top of them."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.hf_api import RepoFile

from ..domain.errors import SanaError
from ..domain.progress import OnProgress, Progress
from ..hub.client import patiently
from ..hub.download_progress import megabytes

LARGE = 1_000_000  # bytes; chosen: files from this size on are uploaded one by one, with a progress record each
CHANGED = (409, 412)  # HTTP statuses of the Hub if `main` is no longer at the parent commit
OF_ANY_REPO = (".gitattributes", "README.md")  # files that the Hub itself may create


@dataclass(frozen=True)
class Repo:
    """A repo at the time of `open_repo`; `head` is the commit of `main`, None before the first."""

    name: str
    kind: str
    head: str | None
    files: dict[str, RepoFile]

    def foreign_file(self, mark: str) -> str | None:
        """Return a file of another purpose; None if the repo has our file `mark`, or only files of the Hub."""
        return None if mark in self.files else next((name for name in self.files if name not in OF_ANY_REPO), None)


def open_repo(name: str, kind: str, private: bool) -> Repo:
    """Create or open a repo of a `kind` ("model", "space"); raise SanaError if it is public but should be private."""
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
    """Return path -> record of each file of a commit."""
    tree = patiently(lambda: list(HfApi().list_repo_tree(name, repo_type=kind, recursive=True, revision=commit)))
    return {file.path: file for file in tree if isinstance(file, RepoFile)}


def commit_files(
    repo: Repo, files: dict[str, Path | bytes], remove: set[str], message: str, on_progress: OnProgress
) -> str:
    """Upload the files that the Hub lacks, commit them on top of `repo.head`, and return the commit.

    Files uploaded before an interruption are not sent again. Raises HfHubHTTPError with a status in CHANGED if somebody
    else wrote to the repo meanwhile.
    """
    api = HfApi()
    additions = [CommitOperationAdd(name, content) for name, content in files.items()]
    large = [addition for addition in additions if addition.upload_info.size >= LARGE]
    for done, addition in enumerate(large):
        size = megabytes(addition.upload_info.size)
        text = f"Uploading {addition.path_in_repo}, {size} ({done + 1} of {len(large)})"
        on_progress(Progress("upload", text, done, len(large)))
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
