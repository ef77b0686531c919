"""An IR folder as a model repo: one commit with all files, then the tag, so that a tag never names half a model."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

from ..domain.errors import SanaError
from ..domain.progress import OnProgress, Progress
from ..hub.client import in_one_line, patiently
from ..hub.download_progress import NoBar
from ..hub.names import HubName
from ..model_folder.folder_layout import ALL_COMPONENTS, MANIFEST, MODEL_INDEX
from ..model_folder.integrity import verify
from ..model_folder.manifest import Manifest, read_manifest
from ..model_folder.part_files import check_inside
from .licence import FILES as LICENCE_FILES
from .model_card import SAMPLE, draw_sample, model_card
from .repo import CHANGED, Repo, commit_files, list_tree, open_repo


class Published(NamedTuple):
    """A complete revision of a model repo: `tag` names `commit`, which holds `files`."""

    repo: str
    tag: str
    commit: str
    files: tuple[str, ...]


def publish(folder: Path, checkpoint: Path, repo: str, private: bool, on_progress: OnProgress) -> Published:
    """Publish an IR folder and tag it by OpenVINO version and compression. A second run finds nothing to do.

    `checkpoint` is the folder that the IR was made from; its licence is published too.

    Raises:
        SanaError: the Hub refuses, the repo holds something else or was changed meanwhile, or the tag names another
            model. Nothing is overwritten then.
    """
    manifest = read_manifest(folder)
    verify(folder, manifest)
    tag = f"openvino-{manifest.tools['openvino']}-{manifest.model.compression}"
    with in_one_line(HubName(repo)):
        target = open_repo(repo, "model", private)
        tagged = _tags(repo).get(tag)
        if tagged is None:
            commit = _write(target, folder, manifest, tag, checkpoint, on_progress)
            _set_tag(repo, tag, commit)
            on_progress(Progress("publish", f"{repo}@{tag} is complete: {constants.ENDPOINT}/{repo}"))
        elif _holds(repo, tagged, folder, manifest):
            commit = tagged
            on_progress(Progress("publish", f"{repo}@{tag} is complete and up to date: nothing to upload."))
        else:
            raise SanaError(
                f"{repo} has a tag {tag} of another model: remove it with `hf repos tag delete {repo} {tag}`, or "
                f"publish to another repo."
            )
    return Published(repo, tag, commit, (*manifest.files, MANIFEST))


def _write(target: Repo, folder: Path, manifest: Manifest, tag: str, checkpoint: Path, on_progress: OnProgress) -> str:
    """Return a commit that holds the folder: a new one, or the head, if an interrupted run made it."""
    if target.head and _holds(target.name, target.head, folder, manifest):
        return target.head
    other = target.foreign_file(MANIFEST)
    if other:
        raise SanaError(f"{target.name} holds something else ({other}): publish to another repo.")
    names = (*manifest.files, MANIFEST)
    terms = {path.name: path for path in sorted(checkpoint.glob(LICENCE_FILES)) if path.is_file()}
    check_inside(checkpoint, terms.values())
    outdated = {name for name in target.files if _is_part(name)} - {*names}
    with TemporaryDirectory(prefix="sana-") as temporary:
        on_progress(Progress("publish", "Drawing a sample for the card"))
        sample = draw_sample(folder, manifest, Path(temporary))
        files: dict[str, Path | bytes] = {**terms, **{name: folder / name for name in names}, SAMPLE: sample}
        files["README.md"] = model_card(manifest, checkpoint, target.name, tag).encode()
        try:
            message = f"OpenVINO IR, {manifest.model.compression}"
            commit = commit_files(target, files, outdated, message, on_progress)
        except HfHubHTTPError as error:
            if error.response.status_code not in CHANGED:
                raise
            # Perhaps our own commit succeeded, and only its answer was lost.
            commit = open_repo(target.name, "model", private=False).head or ""
    if not _holds(target.name, commit, folder, manifest):
        raise SanaError(
            f"{target.name} was changed by somebody else meanwhile: look at it, then run the command again."
        )
    return commit


def _is_part(name: str) -> bool:
    """Return True if a file belongs to an IR folder. Other files of the repo are kept."""
    folders = ("scheduler", "tokenizer", *ALL_COMPONENTS)
    return name == MODEL_INDEX or name.partition("/")[0] in folders


def _holds(repo: str, commit: str, folder: Path, manifest: Manifest) -> bool:
    """Return True if a commit has the same manifest and all files in it."""
    try:
        theirs = patiently(lambda: hf_hub_download(repo, MANIFEST, revision=commit, tqdm_class=NoBar))
    except EntryNotFoundError:
        return False
    if Path(theirs).read_bytes() != (folder / MANIFEST).read_bytes():
        return False
    files = list_tree(repo, "model", commit)
    for name, entry in manifest.files.items():
        file = files.get(name)
        if file is None or file.size != entry["size"] or (file.lfs and file.lfs.sha256 != entry["sha256"]):
            return False
    return True


def _set_tag(repo: str, tag: str, commit: str) -> None:
    try:
        patiently(lambda: HfApi().create_tag(repo, tag=tag, revision=commit))
    except HfHubHTTPError as error:
        if error.response.status_code not in CHANGED:
            raise
        if _tags(repo).get(tag) != commit:
            raise SanaError(f"{repo} got a tag {tag} of another commit meanwhile: look at it first.") from error


def _tags(repo: str) -> dict[str, str]:
    return {tag.name: tag.target_commit for tag in patiently(lambda: HfApi().list_repo_refs(repo)).tags}
