"""The guard in front of all routes: a key, a name with its password, or either."""

import base64
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from starlette.types import Message, Receive, Scope, Send

from app import build_service
from pipeline.jobs.models import Models
from pipeline.server import login_guard
from pipeline.server.credentials import Credentials
from tests.descriptions import MODEL
from tests.serving import serve_page
from tests.waiting import run_async

KEY, USER = "a-long-key", ("me", "secret")
CLOSED: tuple[str, ...]
CLOSED = ("", "config", "theme.css", "gradio_api/info", "gradio_api/startup-events", "gradio_api/upload", "metrics")
CLOSED += ("v1/models", "v1/nothing", "sdapi/v1/sd-models", "assets/nothing.js", "login", "docs")


def served(mcp_server: object = None, **options: Any) -> AbstractContextManager[str]:
    source = SimpleNamespace(describe=lambda: MODEL, device="CPU")
    with gr.Blocks(analytics_enabled=False) as page:
        text, out = gr.Textbox(), gr.Textbox()
        gr.Button().click(lambda value: value, text, out, api_name="echo")
    page.mcp_server_obj = mcp_server
    return serve_page(page, build_service(Models([source])), **options)


def mcp_server() -> SimpleNamespace:
    """Return what the program touches of Gradio's MCP server, whose answers are the outputs themselves."""
    return SimpleNamespace(
        launch_mcp_on_sse=lambda *arguments: None, postprocess_output_data=lambda data, root_url: [root_url, *data]
    )


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    with served(api_key=KEY) as url:
        yield url


@pytest.mark.parametrize("path", CLOSED)
def test_with_a_key_nothing_is_open(locked: str, path: str) -> None:
    for headers in ({}, {"Cookie": "access-token=1"}):
        answer = httpx.get(locked + path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert httpx.get(locked + path, headers=bearer(KEY)).status_code not in (401, 403)


def test_health_is_open(locked: str) -> None:
    assert httpx.get(f"{locked}healthz").json() == {"status": "ok"}
    assert httpx.get(f"{locked}readyz").status_code == 503  # no model is loaded


def test_a_key_travels_as_a_token_or_as_a_password(locked: str) -> None:
    for headers in (bearer(KEY), basic("anybody", KEY), basic("", KEY), {"authorization": f"bearer {KEY}"}):
        assert httpx.get(f"{locked}v1/models", headers=headers).status_code == 200
        assert httpx.get(locked, headers=headers).status_code == 200
    client = Client(locked, headers=bearer(KEY), verbose=False)
    assert client.predict("a house", api_name="/echo") == "a house"


def test_wrong_keys_are_told_in_the_form_of_the_interface(locked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_guard, "FREE_LOGINS", 1000)
    for headers in (
        bearer("wrong"),
        bearer(KEY + "x"),
        basic(KEY, "wrong"),
        {"Authorization": "Basic §"},
        {"Authorization": KEY},
    ):
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        answer = httpx.get(f"{locked}v1/models", headers=raw)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        assert "detail" in httpx.get(f"{locked}sdapi/v1/options", headers=raw).json()


def test_a_password_alone_opens_all_routes_and_leaves_gradios_form() -> None:
    with served(auth=USER) as url:
        form = httpx.get(url)
        assert form.status_code == 200
        assert "auth_required" in form.text
        assert httpx.get(f"{url}config").status_code == 401
        for path in ("gradio_api/startup-events", "gradio_api/app_id", "v1/models", "metrics"):
            assert httpx.get(url + path).status_code == 401
            assert httpx.get(url + path, headers=basic(*USER)).status_code == 200
        assert "dependencies" in httpx.get(f"{url}config", headers=basic(*USER)).json()
        assert httpx.get(f"{url}config", headers=basic("me", "wrong")).status_code == 401
        client = Client(url, auth=USER, verbose=False)
        assert client.predict("a house", api_name="/echo") == "a house"


def test_of_a_key_and_a_password_either_opens() -> None:
    with served(auth=USER, api_key=KEY) as url:
        assert httpx.get(url).status_code == 401
        for headers in (basic(*USER), bearer(KEY)):
            assert httpx.get(f"{url}config", headers=headers).status_code == 200
        assert Client(url, auth=USER, verbose=False).predict("a house", api_name="/echo") == "a house"


@pytest.mark.parametrize("options", [{}, {"api_key": KEY}, {"auth": USER}, {"api_key": KEY, "auth": USER}])
def test_tools_of_mcp_call_the_page_whatever_opens_it(options: dict[str, Any]) -> None:
    server = mcp_server()
    with served(server, **options) as url:
        client = server._get_or_create_client()
        assert client.src == url
        assert client.predict("a house", api_name="/echo") == "a house"
        assert server._get_or_create_client() is client


def test_tools_of_mcp_answer_with_each_picture_of_a_gallery() -> None:
    server = mcp_server()
    pictures = [{"path": f"/a/{place}.png", "meta": {"_type": "gradio.FileData"}} for place in range(2)]
    with served(server):
        outputs = [[{"image": each, "caption": None} for each in pictures], 7, "Done"]
        for data in (outputs, [tuple(outputs)]):  # with and without progress
            assert server.postprocess_output_data(data, "http://a") == ["http://a", *pictures, 7, "Done"]


def test_without_either_a_header_is_ignored() -> None:
    with served() as url:
        assert httpx.get(f"{url}v1/models", headers=bearer("any")).status_code == 200


def test_who_guesses_keys_waits_and_who_had_the_right_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    answers: list[Any] = []
    receive: Any = None  # is never called

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    monkeypatch.setattr(login_guard, "time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(login_guard, "asyncio", SimpleNamespace(sleep=sleep))
    guard = login_guard.LoginGuard(app, Credentials(key=KEY))

    async def send(message: Message) -> None:
        answers.append(message.get("status"))

    def ask(key: str) -> Any:
        headers = [(b"authorization", f"Bearer {key}".encode())]
        scope = {"type": "http", "method": "GET", "path": "/v1/models", "client": ("1.2.3.4", 1), "headers": headers}
        answers.clear()
        run_async(guard(scope, receive, send))
        return answers[0]

    assert ask(KEY) == 200
    assert [ask("wrong") for _ in range(10)] == 7 * [401] + 3 * [429]
    assert max(waited) == 3
    assert ask(KEY) == 200


def test_neither_key_nor_prompt_is_logged(locked: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        httpx.post(f"{locked}v1/images/generations", headers=bearer(KEY), json={"prompt": "a secret", "n": 0})
    assert KEY not in caplog.text.replace("Bearer", "")
    assert "a secret" not in caplog.text


def test_pictures_have_the_limit_of_uploads_and_are_refused_in_the_form_of_the_interface(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = {"Content-Type": "application/json"}
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    with served(max_upload=1) as url:
        for large in (b"x" * (2 << 20), iter(2 * [b"x" * (1 << 20)])):  # the second says no length
            answer = httpx.post(f"{url}sdapi/v1/img2img", content=large, headers=text)
            assert (answer.status_code, answer.json()["detail"]) == (413, "The request is larger than 1 MB.")
        answer = httpx.post(f"{url}v1/images/edits", content=iter([part, *3 * [b"x" * (1 << 20)]]), headers=form)
        assert (answer.status_code, answer.json()["error"]["message"]) == (413, "The request is larger than 2 MB.")
        assert httpx.post(f"{url}sdapi/v1/img2img", json={"init_images": ["!" * (3 << 18)]}).status_code == 400
    assert "A request failed" not in caplog.text
