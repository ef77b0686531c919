"""IR folders from the Hub: only the files needed to run, in huggingface_hub's cache, verified by the manifest."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, get_cached_repo_tree, hf_hub_download, snapshot_download
from huggingface_hub.errors import CachedRepoTreeNotFoundError, IncompleteSnapshotError, LocalEntryNotFoundError
from huggingface_hub.hf_api import RepoFile

from ..domain.errors import ArtifactError, SanaError
from ..domain.progress import OnProgress, Progress, print_progress
from ..model_folder.description import describe_folder, describe_unverified
from ..model_folder.files import MAX_JSON
from ..model_folder.folder_layout import COMPONENTS, CONFIGURATIONS, MANIFEST, MODEL_INDEX, VAE_ENCODER
from ..model_folder.integrity import differences
from ..model_folder.manifest import Manifest
from ..model_folder.optimum_intel import is_exported_by_optimum
from .client import HUB_ERRORS, in_one_line, is_unreachable, patiently
from .download_progress import NoBar, megabytes, watched
from .names import HubName, is_commit
from .revisions import default_revision

_PARTS = (*COMPONENTS, VAE_ENCODER)  # what optimum-intel exports
DESCRIPTION = (MANIFEST, MODEL_INDEX, "scheduler/*", *(f"{name}/config.json" for name in _PARTS))
MAX_TOKENIZER = 256 << 20  # bytes of one file; chosen: Gemma's has 34 MB
OPTIMUM = (*DESCRIPTION, "tokenizer/*", *(f"{name}/openvino_model.*" for name in _PARTS))


def fetch(name: str, on_progress: OnProgress = print_progress) -> Path:
    """Fetch an IR repo and return its folder, verified if it has a manifest.

    Args:
        name: OWNER/NAME[@REVISION]. The revision defaults to the newest tag, or else `main`. A commit in the cache is
            not asked for again. If the Hub cannot be reached, the cache must suffice.
        on_progress: gets records with sizes, speed and an estimate of the time.

    Raises:
        SanaError: the repo cannot be fetched, or holds no IR that this program can run.
    """
    hub_name = _parse(name)
    with in_one_line(hub_name):
        folder = _describe(hub_name, on_progress)
        if (folder / MANIFEST).is_file():
            _fetch_verified(hub_name, folder, on_progress)
        else:
            _fetch_unverified(hub_name, folder, on_progress)
    return folder


def fetch_description(name: str, on_progress: OnProgress = print_progress) -> Path:
    """Fetch at least the manifest and the configurations of an IR repo, enough for the page, and return its folder.

    The folder's name is the commit: `fetch(f"{repo}@{folder.name}")` completes the same revision. Raises SanaError as
    `fetch` does.
    """
    hub_name = _parse(name)
    with in_one_line(hub_name):
        folder = _describe(hub_name, on_progress)
        if (folder / MANIFEST).is_file():
            _read_manifest(hub_name, folder)
        elif is_ir(list_files(hub_name.repo, folder.name)):
            describe_unverified(folder)
        else:
            raise _no_ir(hub_name, folder)
    return folder


def download(name: HubName, folder: Path, files: dict[str, int], on_progress: OnProgress) -> None:
    """Fetch the `files` (path -> size in bytes) that the snapshot `folder` lacks; raise SanaError for a full disk."""
    absent = {file: size for file, size in files.items() if not (folder / file).is_file()}
    if not absent:
        return
    total, cache = sum(absent.values()), Path(constants.HF_HUB_CACHE)
    free = shutil.disk_usage(next(parent for parent in (cache, *cache.absolute().parents) if parent.exists())).free
    if free < total:
        raise SanaError(
            f"Not enough disk space in {cache} for {name}: {megabytes(total)} are needed, {megabytes(free)} are free; "
            f"HF_HOME may name another place."
        )
    text = f"Fetching {len(absent)} files of {name}, {megabytes(total)}, into {cache} ({megabytes(free)} free)"
    on_progress(Progress("fetch", text, 0, total))
    with watched(folder.parents[1] / "blobs", total, on_progress):
        try:
            for file in absent:  # not in threads, since Ctrl-C would wait for them
                patiently(partial(hf_hub_download, name.repo, file, revision=folder.name, tqdm_class=NoBar))
        except HUB_ERRORS as error:
            if is_unreachable(error):
                raise IncompleteSnapshotError(f"{name} lacks files", snapshot_path=str(folder)) from error
            raise


def check_sizes(name: HubName, files: dict[str, int]) -> None:
    """Raise SanaError if a configuration among `files` (path -> size in bytes) is implausibly large."""
    for file, size in files.items():
        if size > (MAX_TOKENIZER if file.startswith("tokenizer/") else MAX_JSON):
            raise SanaError(f"{name} cannot be used: its {file} has {megabytes(size)}, which no configuration has.")


def snapshot(repo: str, revision: str, patterns: Iterable[str], **options: Any) -> Path:
    """Fetch the matching files of a revision and return their folder in the cache, whose name is the commit."""
    return Path(
        patiently(
            lambda: snapshot_download(
                repo, revision=revision, allow_patterns=list(patterns), tqdm_class=NoBar, **options
            )
        )
    )


def list_files(repo: str, commit: str) -> dict[str, int]:
    """Return path -> size in bytes of each file of a commit, from the cache if possible."""
    try:
        files = get_cached_repo_tree(repo, revision=commit)
    except CachedRepoTreeNotFoundError:
        tree = patiently(lambda: list(HfApi().list_repo_tree(repo, recursive=True, revision=commit)))
        files = [file for file in tree if isinstance(file, RepoFile)]
    return {file.path: file.size for file in files}


def is_ir(files: Iterable[str]) -> bool:
    """Return True if a repo with these files holds OpenVINO IR."""
    return {f"{name}/openvino_model.xml" for name in COMPONENTS} <= set(files)


def _parse(name: str) -> HubName:
    hub_name = HubName.parse(name)
    if hub_name is None:
        raise SanaError(f"{name!r} is no model on the Hub: give OWNER/NAME or OWNER/NAME@REVISION.")
    return hub_name


def _describe(name: HubName, on_progress: OnProgress) -> Path:
    revision = name.revision or default_revision(name.repo, on_progress)
    if is_commit(revision):
        with suppress(LocalEntryNotFoundError):
            folder = snapshot(name.repo, revision, DESCRIPTION, local_files_only=True)
            if (folder / MANIFEST).is_file() or is_exported_by_optimum(folder):
                return folder
    return snapshot(name.repo, revision, DESCRIPTION)


def _fetch_verified(name: HubName, folder: Path, on_progress: OnProgress) -> None:
    manifest = _read_manifest(name, folder)
    download(name, folder, {file: entry["size"] for file, entry in manifest.files.items()}, on_progress)
    bad = dict(differences(folder, manifest))
    if not bad:
        return
    file, problem = next(iter(bad.items()))
    on_progress(Progress("fetch", f"{folder / file} {problem}: fetching it once more"))
    try:
        snapshot(name.repo, folder.name, (MANIFEST, *bad), force_download=True)
    except HUB_ERRORS as error:
        if is_unreachable(error):
            raise SanaError(f"{folder / file} {problem}, and the Hub cannot be reached: start once with it.") from error
        raise
    for file, problem in differences(folder, describe_folder(folder)):
        raise SanaError(
            f"{name} cannot be used: its {file} {problem}, also when fetched again; choose a revision that is whole."
        )


def _read_manifest(name: HubName, folder: Path) -> Manifest:
    try:
        return describe_folder(folder)
    except ArtifactError:  # perhaps only damaged in the cache
        with suppress(*HUB_ERRORS):
            snapshot(name.repo, folder.name, (MANIFEST, *CONFIGURATIONS), force_download=True)
        return describe_folder(folder)


def _fetch_unverified(name: HubName, folder: Path, on_progress: OnProgress) -> None:
    files = list_files(name.repo, folder.name)
    if not is_ir(files):
        raise _no_ir(name, folder)
    describe_unverified(folder)  # refuse a model that cannot work before its weights are fetched
    wanted = {file: size for file, size in files.items() if any(fnmatch(file, pattern) for pattern in OPTIMUM)}
    download(name, folder, wanted, on_progress)


def _no_ir(name: HubName, folder: Path) -> SanaError:
    if (folder / MODEL_INDEX).is_file():
        output = f"{name.repo.partition('/')[2]}-openvino"
        return SanaError(
            f"{name} holds no OpenVINO IR. If it is a Sana checkpoint, run: "
            f"python precompile.py --model {name} --output {output}"
        )
    return SanaError(f"{name} holds no Sana model: it has no {MODEL_INDEX}.")
