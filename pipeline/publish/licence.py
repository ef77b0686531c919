"""The licence of a published model: what the checkpoint's own files say, else what the catalogue knows."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from huggingface_hub import metadata_load

from ..domain.catalogue import ModelVariant
from ..hub.names import HubName
from ..model_folder.files import one_sentence, read_json
from ..model_folder.part_files import check_inside
from ..model_folder.schema import Licence

HUB = "https://huggingface.co/"
FILES = "LICENSE*"  # the files that are published with the model
GEMMA = (
    "Its text encoder is Gemma 2: Gemma is provided under and subject to the Gemma Terms of Use found at "
    "[ai.google.dev/gemma/terms](https://ai.google.dev/gemma/terms), and to the "
    "[Gemma Prohibited Use Policy](https://ai.google.dev/gemma/prohibited_use_policy)."
)


@dataclass(frozen=True)
class CardLicence:
    """The licence for a card: the entries of its front matter, and the sentences of its last section."""

    entries: dict[str, str]
    text: str


def find_licence(source: str, published: ModelVariant | None, checkpoint: Path) -> CardLicence:
    """Return the licence of the model in the folder `checkpoint`.

    Args:
        source: the model's name, OWNER/NAME if it is on the Hub.
        published: the checkpoint of the catalogue that it is or was fine-tuned from, if any.
        checkpoint: its folder. The licence in its card or its `sana.json` wins over the catalogue's.

    Raises:
        ArtifactError: a file of the folder cannot be read, or is a link out of it.
    """
    gemma = f" {GEMMA}" if published else ""
    if own := _own_entries(source, checkpoint):
        named = _linked(own.get("license_name", own["license"]), own.get("license_link"))
        return CardLicence(_complete(own, source), f"That of {source}: {named}.{gemma}")
    if published is None:
        unknown = f"The checkpoint says nothing of its licence: ask who made {source}."
        return CardLicence({"license": "unknown"}, unknown)
    terms = published.terms
    link = next(iter(_licence_files(checkpoint)), terms.link)
    entries = {"license": "other", "license_name": f"{terms.name}-and-gemma-terms"}
    relation = "This is" if source == published.repo else "This was made from"
    text = (
        f"{relation} {published.repo}, and the checkpoint's card names no licence. As far as this program knows, it is "
        f"the {_linked(terms.title, link)}; [its page]({HUB}{published.repo}) says what holds."
    )
    return CardLicence(_complete(entries | ({"license_link": link} if link else {}), published.repo), text + gemma)


def _complete(entries: dict[str, str], source: str) -> dict[str, str]:
    """Return the entries with a link where the Hub asks for one: by default the source's page, or the card itself."""
    if entries["license"] != "other" or "license_link" in entries:
        return entries
    return {**entries, "license_link": f"{HUB}{source}" if HubName.parse(source) else "README.md"}


def _own_entries(source: str, checkpoint: Path) -> dict[str, str]:
    """Return the licence in the checkpoint's card or `sana.json`, without a link to a file that is gone; {} if none."""
    card, sana = checkpoint / "README.md", checkpoint / "sana.json"
    check_inside(checkpoint, [card, sana])
    for path, read in ((card, metadata_load), (sana, read_json)):
        if path.is_file():
            with one_sentence(f"{path} cannot be read"):
                said = Licence.model_validate(read(path) or {})
            if said.license:
                entries = said.model_dump(include={*Licence.model_fields}, exclude_none=True)
                file = _own_file(entries.get("license_link", ""), source)
                if file is not None and file not in _licence_files(checkpoint):
                    del entries["license_link"]
                return entries
    return {}


def _own_file(link: str, source: str) -> str | None:
    """Return the path that a link names in the repo `source`; None if it leads elsewhere, or there is none."""
    on_the_hub = re.fullmatch(rf"{re.escape(HUB + source)}/(?:blob|raw|resolve)/[^/]+/(.+)", link)
    if on_the_hub:
        return on_the_hub[1]
    return str(PurePosixPath(link)) if link and "://" not in link else None


def _licence_files(checkpoint: Path) -> list[str]:
    return sorted(path.name for path in checkpoint.glob(FILES) if path.is_file())


def _linked(name: str, link: str | None) -> str:
    return f"[{name}]({link})" if link else name
