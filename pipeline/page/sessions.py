"""What Gradio keeps of each visitor, without what only its deep links read, which this page does not have."""

from types import SimpleNamespace
from typing import Any

from gradio.state_holder import SessionState, StateHolder

from ..domain.limits import MAX_SESSIONS


class Session(SessionState):
    """The values of `gr.State` and the changed components of one visitor.

    Gradio also copies the settings of all components for each visitor, with all values that come and go: 0.24 MB, and
    18 ms in which nobody else is served.
    """

    def __init__(self, blocks: Any) -> None:
        nothing_to_copy = SimpleNamespace(default_config=blocks.default_config, blocks=())
        super().__init__(nothing_to_copy)  # type: ignore[arg-type]
        self.blocks_config.config_for_block = _no_settings  # type: ignore[method-assign]


class Sessions(StateHolder):
    """The sessions of the newest MAX_SESSIONS visitors; beyond, the one that was silent for longest begins anew."""

    def __init__(self, blocks: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(blocks)
        self.capacity = MAX_SESSIONS

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


def _no_settings(*_: object, **__: object) -> dict[Any, Any]:
    return {}
