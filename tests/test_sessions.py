"""What the server keeps of its visitors."""

import pytest
from gradio_client import Client

from app import build_page
from pipeline.jobs.models import Models
from pipeline.page import sessions
from tests.painter import Painter
from tests.serving import serve_page

MOST = 3  # in place of MAX_SESSIONS


def test_of_a_visitor_no_copy_of_the_page_is_kept_and_of_the_oldest_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", MOST)
    app = build_page(Models([Painter()]))
    with serve_page(app) as url:
        client = Client(url, verbose=False)
        for visitor in range(MOST + 1):
            client.session_hash = f"visitor {visitor}"
            client.predict(prompt="a house", api_name="/generate")
        kept = dict(app.state_holder.session_data)
    assert list(kept) == [f"visitor {visitor}" for visitor in range(1, MOST + 1)]
    assert not any(settings for session in kept.values() for settings in session.config_values.values())
