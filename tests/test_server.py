"""The server around a page without a model: who may ask, how much, and under which names."""

import logging
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from starlette.types import Message, Receive, Scope, Send

from pipeline.domain import limits
from pipeline.domain.errors import SanaError
from pipeline.server import addresses, connections, login_guard, share_link
from pipeline.server.allowed_hosts import AllowedHosts
from pipeline.server.connections import LimitedProtocol
from pipeline.server.gradio_import import import_gradio
from pipeline.server.server_options import ServerOptions
from tests.serving import free_port, serve_page
from tests.waiting import run_async, wait_for

UPLOAD = "gradio_api/upload"


def echo_page() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as page:
        text, out = gr.Textbox(), gr.Textbox()
        gr.Button().click(lambda value: value, text, out, api_name="echo")
    return page


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve_page(echo_page(), max_upload=1, auth=None) as url:
        yield url


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("localhost:7860", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.8.9.1:80", True),
        ("[::1]:7860", True),
        ("[0:0:0:0:0:0:0:1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("sana.localhost", True),
        ("host.docker.internal:7860", True),
        ("sana.example.com", True),
        ("evil.com", False),
        ("localhost.evil.com", False),
        ("127.0.0.1.evil.com", False),
        ("evil-localhost", False),
        ("evil.com@localhost", False),
        ("localhost/evil", False),
        ("localhost:port", False),
        ("192.168.1.5:7860", False),
        ("[fe80::1]", False),
        ("", False),
    ],
)
def test_a_server_on_loopback_answers_to_its_own_names(host: str, is_allowed: bool) -> None:
    assert AllowedHosts(public=["sana.example.com"]).allows(host) == is_allowed


def test_a_server_in_the_house_answers_to_addresses_and_its_own_name() -> None:
    hosts = AllowedHosts("0.0.0.0", is_local=False)
    for host in (
        "192.168.1.5:7860",
        "[fe80::1]:7860",
        "10.0.0.7",
        socket.gethostname(),
        f"{socket.gethostname()}.local",
    ):
        assert hosts.allows(host)
    assert not hosts.allows("evil.com")


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        ("http://localhost:7860", "localhost:7860", True),
        ("https://localhost", "localhost", True),
        ("http://[::1]:7860", "[::1]:7860", True),
        ("http://localhost:8080", "localhost", True),  # a proxy that hands on the name alone
        ("https://sana.example.com", "127.0.0.1:7860", True),  # and one that hides it
        ("https://friend.example.com", "localhost:7860", True),
        ("https://friend.example.com:444", "localhost:7860", False),
        ("http://friend.example.com", "localhost:7860", False),
        ("http://localhost:3000", "localhost:7860", False),
        ("http://127.0.0.1:7860", "localhost:7860", False),
        ("http://evil.com", "localhost:7860", False),
        ("null", "localhost:7860", False),
        ("", "localhost:7860", False),
        ("file://", "localhost:7860", False),
        ("http://localhost:7860:1", "localhost:7860", False),
    ],
)
def test_pages_that_may_ask_are_the_servers_own_and_those_of_its_owner(
    origin: str, host: str, is_allowed: bool
) -> None:
    hosts = AllowedHosts(public=["sana.example.com"], origins=["https://friend.example.com"])
    assert hosts.allows_origin(origin, host) == is_allowed


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.com"},
        {"X-Forwarded-Host": "evil.com"},
        {"Origin": "http://evil.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Referer": "http://localhost:3000/page"},
    ],
)
def test_foreign_names_and_pages_are_refused_on_every_route(server: str, headers: dict[str, str]) -> None:
    for method, path in (("GET", ""), ("GET", "config"), ("POST", UPLOAD), ("POST", "gradio_api/queue/join")):
        files = {"files": ("a.txt", b"a")} if path == UPLOAD else None
        answer = httpx.request(method, server + path, headers=headers, files=files)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
        assert "--allow-" in answer.text


def test_a_link_on_a_foreign_page_leads_here_and_no_origin_is_reflected(server: str) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Referer": "http://evil.com/"}
    assert httpx.get(server, headers=link).status_code == 200
    own = httpx.get(f"{server}config", headers={"Origin": server.rstrip("/")})
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers


def test_a_page_that_the_owner_allows_may_ask() -> None:
    friend = "https://friend.example.com"
    with serve_page(echo_page(), allow_origin=[friend], allow_host=["sana.lan"]) as url:
        preflight = {"Origin": friend, "Access-Control-Request-Method": "POST"}
        assert httpx.options(f"{url}gradio_api/queue/join", headers=preflight).status_code == 200
        answer = httpx.get(f"{url}config", headers={"Origin": friend, "Host": "sana.lan"})
        assert answer.headers["access-control-allow-origin"] == friend
        assert httpx.get(f"{url}config", headers={"Origin": "https://evil.com"}).status_code == 403


def test_the_header_of_gradios_own_renderer_makes_no_links(server: str) -> None:
    page = httpx.get(f"{server}config", headers={"X-Gradio-Server": "http://evil.com"})
    assert page.json()["root"] == server.rstrip("/")


def test_the_queue_and_the_client_work(server: str) -> None:
    assert Client(server, verbose=False).predict("a house", api_name="/echo") == "a house"


@pytest.mark.parametrize("path", ["gradio_api/queue/join", "gradio_api/call/echo", "config", "login", "nowhere"])
def test_a_body_is_refused_by_its_size_before_it_is_read_and_while_it_is(server: str, path: str) -> None:
    body = b'["' + limits.MAX_JSON * b"x" + b'"]'
    headers = {"Content-Type": "application/json"}
    for content in (body, iter([body])):  # the second says no length
        answer = httpx.post(server + path, content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (413, {"detail": "The request is larger than 512 kB."})


@pytest.mark.parametrize("depth", [limits.MAX_JSON_DEPTH + 1, 5000, 100_000])
def test_deeply_nested_json_is_refused(server: str, depth: int) -> None:
    body = '{"data": ' + depth * "[" + depth * "]" + "}"
    answer = httpx.post(f"{server}gradio_api/call/echo", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (400, "The request is nested deeper than 32 levels.")


def test_an_upload_has_its_own_limit(server: str) -> None:
    def upload(*sizes: int) -> httpx.Response:
        files = [("files", (f"{number}.bin", size * b"x")) for number, size in enumerate(sizes)]
        return httpx.post(server + UPLOAD, files=files)

    assert upload(1 << 20).status_code == 200
    assert upload((1 << 20) + 1).status_code == 413
    refused = upload(1 << 20, 1 << 20)
    assert (refused.status_code, refused.text) == (413, "The request is larger than 2 MB.")


def test_uploads_are_limited_in_number_and_by_the_hour(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(limits, "UPLOADS_AT_ONCE", 0)
        assert "Too many files" in httpx.post(server + UPLOAD, files={"files": b"a"}).text
    with monkeypatch.context() as patch:
        patch.setattr(limits, "FREE_DISK", 1 << 80)
        assert "no room" in httpx.post(server + UPLOAD, files={"files": b"a"}).text
    assert httpx.post(server + UPLOAD, files={"files": b"a"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=https://example.com/a.png",
        "gradio_api/file/http://example.com/a.png",
        "gradio_api/proxy=https://a.hf.space/",
        "gradio_api/component_server",
        "gradio_api/process_recording",
        "gradio_api/deep_link?session_hash=a",
        "gradio_api/vibe-code/",
        "monitoring/summary",
    ],
)
def test_what_the_page_does_not_use_is_closed(server: str, path: str) -> None:
    for method in ("GET", "POST"):
        assert httpx.request(method, server + path).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/nothing", {"data": []}),
        ("call/v2/nothing", {}),
        ("call/v2/echo", {"frobnicate": 1}),
        ("queue/join", {"data": [], "fn_index": 9999, "session_hash": "me"}),
        ("queue/join", {"data": [], "fn_index": -1, "session_hash": "me"}),
        ("run/nothing", {"data": []}),
    ],
)
def test_a_call_that_there_is_not_is_refused_in_a_sentence(server: str, path: Path, body: dict[str, Any]) -> None:
    answer = httpx.post(f"{server}gradio_api/{path}", json=body)
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is no such call here")


@pytest.mark.parametrize("root_path", ["/sana", "https://sana.example.com/sana"])
def test_below_a_sub_path_whether_the_proxy_takes_it_away_or_not(root_path: str) -> None:
    with serve_page(echo_page(), root_path=root_path) as url:
        for path in ("sana/config", "config"):
            root = httpx.get(url + path).json()["root"]
            assert root == (root_path if "://" in root_path else f"{url}sana")
        named = httpx.get(f"{url}config", headers={"Host": "sana.example.com"}).status_code
        assert named == (200 if "://" in root_path else 403)
        assert httpx.get(f"{url}sanatorium/config").status_code == 404
        for twice in ("sana/monitoring/summary", "sana/sana/monitoring/summary"):
            assert httpx.get(url + twice).status_code == 404


def test_idle_connections_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_page(echo_page()) as url:
        monkeypatch.setattr(LimitedProtocol, "max_connections", 5)
        address = ("127.0.0.1", httpx.URL(url).port)
        idle = [socket.create_connection(address) for _ in range(40)]
        assert httpx.get(f"{url}theme.css").status_code == 200
        assert idle[0].recv(1) == b""
        for connection in idle:
            connection.close()


def test_the_limit_of_descriptors_is_raised_and_leaves_room_for_files() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (900, before[1]))
        assert connections.raise_descriptor_limit() <= limits.MAX_CONNECTIONS
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert now == connections.DESCRIPTORS or now == before[1] != resource.RLIM_INFINITY
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_log_says_the_same_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    once, now = connections.OnceAMinute(), [0.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: now[0]))
    record = logging.makeLogRecord({"msg": "socket.accept() out of system resource"})
    assert [once.filter(record) for _ in range(3)] == [True, False, False]
    now[0] = 61
    assert once.filter(record)


def test_a_request_has_to_come_within_some_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.server.connections.REQUEST_SECONDS", 0.3)
    with serve_page(echo_page()) as url:
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port), timeout=20) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")
            assert slow.recv(1) == b""
        monkeypatch.setattr("pipeline.domain.limits.JSON_SECONDS", 0.3)
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port), timeout=20) as slow:
            slow.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1")
            assert b"408" in slow.recv(100)


def test_who_guesses_passwords_waits_longer_and_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 400, "headers": []})

    # only in that module: other servers of the tests need the real clock
    monkeypatch.setattr(login_guard, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(login_guard, "asyncio", SimpleNamespace(sleep=sleep))
    guard = login_guard.LoginGuard(wrong)
    answers: list[int] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read before a refusal")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    def guess(address: str = "1.2.3.4") -> int:
        scope = {"type": "http", "method": "POST", "path": "/login/", "client": (address, 1), "headers": []}
        answers.clear()
        run_async(guard(scope, receive, send))
        return answers[0]

    # the clock stands still, so waits add up; the eighth guess would wait for too long
    assert [guess() for _ in range(10)] == 7 * [400] + 3 * [429]
    assert waited == [0, 0, 0, 0, 0, 1, 3]
    assert guess("1.2.3.5") == 400
    assert guess("2001:db8::1") == 400
    for number in range(20):
        guess(f"2001:db8::{number:x}")
    assert guess("2001:db8::ffff") == 429  # the same network
    now[0] = 10
    assert guess() == 400


def test_a_password_is_asked_for_and_a_right_one_is_let_in() -> None:
    with serve_page(echo_page(), auth=("me", "secret")) as url:
        assert httpx.get(f"{url}config").status_code == 401
        assert httpx.post(f"{url}login", data={"username": "me", "password": "wrong"}).status_code == 400
        client = Client(url, auth=("me", "secret"), verbose=False)
        assert client.predict("a house", api_name="/echo") == "a house"


def test_the_share_link_is_one_of_the_servers_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    tunnel = lambda *arguments: asked.append(arguments) or "http://abc.gradio.live"  # noqa: E731
    monkeypatch.setattr(share_link.networking, "setup_tunnel", tunnel)
    options = ServerOptions(port=free_port(), share=True)
    from pipeline.page.words import English
    from pipeline.server import serving
    from pipeline.server.web_app import LocalPage

    with serving.serve([LocalPage(English(), echo_page())], options, options.listen()) as served:
        assert served.share_url == "https://abc.gradio.live"
        assert asked[0][:2] == ("127.0.0.1", options.port)
        shared = {"Host": "abc.gradio.live", "Origin": "https://abc.gradio.live"}
        assert httpx.get(f"{served.url}config", headers=shared).status_code == 200


def test_https(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with serve_page(echo_page(), ssl_certfile=certificate, ssl_keyfile=key) as url:
        assert url.startswith("https://")
        assert httpx.get(url, verify=ssl.create_default_context(cafile=certificate)).status_code == 200
    for wrong in ((key, None), (certificate, None), (str(tmp_path / "missing"), key), (certificate, certificate)):
        with pytest.raises(SanaError, match="--ssl-certfile"):
            ServerOptions(port=free_port(), ssl_certfile=wrong[0], ssl_keyfile=wrong[1]).listen()


def make_certificate(folder: Path) -> list[str]:
    names = [str(folder / name) for name in ("certificate.pem", "key.pem")]
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    alternatives = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", names[0], "-keyout", names[1]]
    subprocess.run([*command.split(), *alternatives], check=True, capture_output=True)
    return names


@pytest.mark.parametrize(
    "host", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "::", "::ffff:127.0.0.1", "127.0.0.1", "localhost"]
)
def test_a_host_in_every_spelling(host: str) -> None:
    port = free_port()
    try:
        listeners = addresses.listen(host, port)
    except SanaError:
        if ":" in host and not socket.has_dualstack_ipv6():
            pytest.skip("this machine has no IPv6")
        raise
    url = httpx.URL(addresses.url(host, listeners[0], "http"))
    with socket.create_connection((url.host, port)):
        assert all(addresses.is_loopback(each) for each in listeners) == (host != "::")
    if host == "::":
        socket.create_connection(("127.0.0.1", port)).close()
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("host", ["", "no.such.host.invalid", "http://localhost", "[::1", "a" * 300, "192.0.2.1"])
def test_a_host_that_is_none(host: str) -> None:
    with pytest.raises(SanaError, match="Cannot listen on"):
        addresses.listen(host, free_port())


def test_a_busy_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy, pytest.raises(SanaError, match="--port"):
        addresses.listen("127.0.0.1", busy.getsockname()[1])


def test_gradio_is_imported_whatever_proxy_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gradio.py").write_text("import httpx\nclient = httpx.Client()  # as the real one does\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.delitem(sys.modules, "gradio")
    import_gradio()
    assert sys.modules["gradio"].client
    assert os.environ["NO_PROXY"] == "example.com"
    assert "no_proxy" not in os.environ


def test_the_end_of_the_server_is_soon_whoever_listens() -> None:
    with serve_page(echo_page()) as url:
        client = httpx.Client(timeout=60)
        stream = client.send(client.build_request("GET", f"{url}gradio_api/heartbeat/a"), stream=True)
        assert stream.status_code == 200
        begin = time.monotonic()
    assert time.monotonic() - begin < 4
    wait_for(lambda: _refuses(url))


def _refuses(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", httpx.URL(url).port)) != 0
