"""This program as a Gradio Space that runs one published model."""

from pathlib import Path

from huggingface_hub import HfApi, RepoCard, constants
from huggingface_hub.errors import HfHubHTTPError

from ..domain.errors import SanaError
from ..domain.progress import OnProgress, Progress
from ..hub.client import in_one_line, patiently
from ..hub.names import HubName
from .model_repo import Published
from .repo import CHANGED, commit_files, open_repo

ROOT = Path(__file__).parents[2]
PARTS = ("app.py", "precompile.py", "pipeline", "requirements.txt", "pre-requirements.txt", "LICENSE", "README.md")
NOT_NEEDED = ROOT / "pipeline" / "miniature" / "training"  # a Space does not train
MARK = "precompile.py"  # identifies a Space made by any version of this program
MODEL = "SANA_MODEL"


def publish_space(space: str, model: Published, private: bool, on_progress: OnProgress) -> str:
    """Create or update a Space with this program and the model's commit, and return its URL.

    Its hardware, secrets and other variables stay as they are.

    Raises:
        SanaError: the Hub refuses, or the Space holds another program.
    """
    url = f"{constants.ENDPOINT}/spaces/{space}"
    with in_one_line(HubName(space), "space"):
        target = open_repo(space, "space", private)
        other = target.foreign_file(MARK)
        if other:
            raise SanaError(f"{space} holds another program ({other}): choose another Space.")
        patiently(lambda: HfApi().add_space_variable(space, MODEL, f"{model.repo}@{model.commit}"))
        files: dict[str, Path | bytes] = {**program_files(), "README.md": space_card(model, private).encode()}
        outdated = {name for name in target.files if name.startswith("pipeline/")} - {*files}
        try:
            commit_files(target, files, outdated, f"Sana on OpenVINO with {model.repo}@{model.tag}", on_progress)
        except HfHubHTTPError as error:
            if error.response.status_code not in CHANGED:
                raise
            raise SanaError(f"{space} was changed meanwhile: look at it, then run the same command again.") from error
    if private:
        text = f"{model.repo} is private: add a secret HF_TOKEN that may read it in the settings of {space}."
        on_progress(Progress("publish", text))
    on_progress(Progress("publish", f"The Space is at {url}"))
    return url


def program_files() -> dict[str, Path]:
    """Return the files of the program for a Space: name in the repo -> path."""
    paths = [
        path for part in PARTS for path in ([ROOT / part] if (ROOT / part).is_file() else (ROOT / part).rglob("*"))
    ]
    return {
        path.relative_to(ROOT).as_posix(): path
        for path in sorted(paths)
        if path.is_file() and "__pycache__" not in path.parts and not path.is_relative_to(NOT_NEEDED)
    }


def space_card(model: Published, private: bool) -> str:
    """Return README.md of the Space: this project's own, with the model in its front matter."""
    card = RepoCard.load(ROOT / "README.md")
    card.data.models = [model.repo]
    if not private:  # the build of a Space has no token
        card.data.preload_from_hub = [f"{model.repo} {','.join(model.files)} {model.commit}"]
    return str(card)
