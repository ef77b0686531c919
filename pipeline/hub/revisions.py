"""The default revision of a name: the newest tag, since `main` may be in the middle of an upload."""

import re
from pathlib import Path

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.file_download import repo_folder_name

from ..domain.progress import OnProgress, Progress
from .client import HUB_ERRORS, SHORT_WAITS, WAITS, is_unreachable, patiently

MAIN = "main"


def default_revision(repo: str, on_progress: OnProgress) -> str:
    """Return the newest tag of a repo, or `main` without tags; if the Hub is out of reach, the newest in the cache."""
    cached = _newest_cached(repo)
    try:
        tag = patiently(lambda: _newest_tag(repo), SHORT_WAITS if cached else WAITS)
    except HUB_ERRORS as error:
        if cached is None or not is_unreachable(error):
            raise
        on_progress(Progress("hub", f"The Hub cannot be reached: {repo}@{cached} is the newest in the cache."))
        return cached
    if tag:
        on_progress(Progress("hub", f"{tag} is the newest tag of {repo}."))
    return tag or MAIN


def _newest_tag(repo: str) -> str | None:
    api = HfApi()
    refs = api.list_repo_refs(repo)
    heads = {branch.target_commit for branch in refs.branches if branch.name == MAIN}
    if len(refs.tags) > 1 and not any(tag.target_commit in heads for tag in refs.tags):
        history = _history(api, repo)
    else:
        history = [*heads]
    ages = {commit: age for age, commit in enumerate(history)}
    tags = {tag.name: ages.get(tag.target_commit, len(ages)) for tag in refs.tags}
    return max(tags, key=lambda name: (-tags[name], _natural(name)), default=None)


def _history(api: HfApi, repo: str) -> list[str]:
    """Return the commits of `main`, newest first; [] if the Hub does not list them."""
    try:
        return [commit.commit_id for commit in api.list_repo_commits(repo)]
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return []
        raise


def _newest_cached(repo: str) -> str | None:
    """Return the tag that the cache received last, or else `main` if it is there, or None."""
    refs = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model") / "refs"
    times = {path.relative_to(refs).as_posix(): path.stat().st_mtime for path in refs.rglob("*") if path.is_file()}
    main = times.pop(MAIN, None)
    return max(times, key=lambda name: times[name], default=None if main is None else MAIN)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts 2026.10 after 2026.9."""
    return [(int(digits or 0), text) for digits, text in re.findall(r"(\d+)|(\D+)", name)]
