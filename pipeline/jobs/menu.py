"""The menu of models as it is at one time. Those who change it make another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..domain.errors import SettingsError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.settings import MODEL
from .model_sources import ModelSource


@dataclass(frozen=True)
class Entry:
    """A model of the menu: where it comes from, and its description before it is loaded."""

    source: ModelSource
    model: ModelDescription


@dataclass(frozen=True)
class Menu:
    """The entries by name, in their order. `former` holds the names of now by those that they had earlier."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return list(self.entries)

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of a name, which may be a former one."""
        return self.entries[self.former.get(name, name)]

    def problem(self, name: object) -> Problem | None:
        """Return a problem if `name` stands for no model, else None; `Models.problem` says what does."""
        if name in (None, "") or name in [*self.former, *(entry.model.source for entry in self.entries.values())]:
            return None
        return MODEL.problem(name, choices=tuple(self.entries))

    def find(self, name: object) -> str:
        """Return the name of now for a name or a source; raise SettingsError for an unknown one."""
        if problem := self.problem(name):
            raise SettingsError(problem)
        if name in self.entries:
            return str(name)
        if name in self.former:
            return self.former[str(name)]
        return next((own for own, entry in self.entries.items() if entry.model.source == name), self.names[0])

    def with_entry(self, entry: Entry) -> tuple["Menu", str]:
        """Return a menu with one more entry at the end, and the name of that."""
        name = _numbered(entry.model, list(self.entries.values()))
        return Menu({**self.entries, name: entry}, self.former), name

    def with_replaced(self, old: str, entry: Entry) -> tuple["Menu", str]:
        """Return a menu with an entry in the place of the one named `old`, and its name, which `old` now stands for."""
        name = _numbered(entry.model, [each for own, each in self.entries.items() if own != old])
        entries = {name if own == old else own: entry if own == old else each for own, each in self.entries.items()}
        former = {**self.former, old: name}
        former = {own: name if now == old else now for own, now in former.items() if own not in entries}
        return Menu(entries, former), name


def _numbered(model: ModelDescription, others: Sequence[Entry]) -> str:
    """Return the name of a model, with a number if the menu has the same model from another folder."""
    same = sum(each.model.name == model.name for each in others)
    return f"{model.name} {same + 1}" if same else model.name
