"""A Hugging Face Hub on loopback, as far as this project asks it, with faults on request; for the real client.

The API answers on 127.0.0.1, large files on localhost: were both one host, the client would follow the redirect of a
HEAD request and lose the header X-Repo-Commit.
"""

import base64
import hashlib
import json
import re
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

LARGE = (".bin", ".safetensors", ".png")  # what the Hub keeps in LFS, as its .gitattributes says
WRITE, READ = "hf_write", "hf_read"  # tokens of the user `tester`
KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}


@dataclass
class Repo:
    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    main: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    created_with: dict[str, Any] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes]) -> str:
        self.main = secrets.token_hex(20)
        self.commits[self.main] = files
        return self.main

    def resolve(self, revision: str) -> str | None:
        revision = unquote(revision)
        known = {"main": self.main, **self.tags}
        return known.get(revision) or (revision if revision in self.commits else None)

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[self.main]


@dataclass
class Fault:
    """Strikes requests whose "METHOD /path" matches, the first `times` of them after `spared` ones.

    `kind` is the status to answer with; "drop" or "flip", which spoil the body's second half or its middle; or a
    function, called before the request is dealt with ("after": when it has been, and instead of an answer).
    """

    pattern: str
    kind: int | str | Callable[[], object]
    times: int = 1
    spared: int = 0
    after: bool = False

    def strikes(self, line: str) -> bool:
        if self.times == 0 or not re.search(self.pattern, line):
            return False
        if self.spared:
            self.spared -= 1
            return False
        self.times -= 1
        return True


class Refusal(Exception):
    """Status and message of an answer; then the Hub's own code for the error, and the commit it is about."""


class FakeHub(ThreadingHTTPServer):
    """`repos` by (kind, name), `requests` as "METHOD /path", `faults` to come, `halves` the tags set too early;
    `environment` leads a client here."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.blob_url = f"http://localhost:{self.server_port}"
        self.home = tempfile.TemporaryDirectory(prefix="sana-hub-")
        self.environment = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": self.home.name,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        self.forget()

    def forget(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.halves: list[str] = []

    def model(self, name: str) -> Repo:
        return self.repos["model", name]

    def add(self, name: str, files: dict[str, bytes], kind: str = "model", **options: Any) -> Repo:
        repo = self.repos[kind, name] = Repo(**options)
        repo.commit(files)
        return repo

    def finds_wrong(self, kind: str, card: str) -> list[str]:
        """What the Hub would say of a card's front matter."""
        from huggingface_hub import RepoCard  # reads the environment, which this module is to set before

        data = RepoCard(card, ignore_metadata_errors=False).data.to_dict()
        patterns = {"license": "[a-z0-9.-]+", "license_name": "[a-z0-9.-]+", "base_model": r"[\w.-]+/[\w.-]+"}
        needed = ["sdk", "app_file"] if kind == "space" else ["license", "library_name", "pipeline_tag"]
        needed += ["license_name", "license_link"] if data.get("license") == "other" else []
        wrong = [f"{key} is missing" for key in needed if key not in data]
        return wrong + [key for key, form in patterns.items() if key in data and not re.fullmatch(form, data[key])]

    @contextmanager
    def running(self) -> Iterator["FakeHub"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent: clients are killed in the tests."""


class Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, or each answer waits for an acknowledgement

    def do_GET(self) -> None:
        self.path = self.path.partition("?")[0]
        line = f"{self.command} {self.path}"
        self.server.requests.append(line)
        fault = next((fault for fault in self.server.faults if fault.strikes(line)), None)
        self.fault = fault.kind if fault else None
        self.lost = bool(fault and fault.after)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if isinstance(self.fault, int):
                raise Refusal(self.fault, "a fault")
            if callable(self.fault) and not self.lost:
                self.fault()
            for pattern, route in ROUTES:
                match = re.fullmatch(pattern, line)
                if match:
                    route(self, **{name: value and unquote(value) for name, value in match.groupdict().items()})
                    return
            raise Refusal(404, f"no such route: {line}")
        except Refusal as refusal:
            status, message, *more = refusal.args
            headers = dict(zip(("X-Error-Code", "X-Repo-Commit"), more, strict=False))
            self.answer({"error": message}, status, **headers)

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        pass

    # What is asked for without an account

    def info(self, kinds: str, name: str, revision: str = "main") -> None:
        repo = self.find(kinds, name)
        commit = self.at(repo, revision)
        siblings = [{"rfilename": path} for path in repo.commits[commit]]
        self.answer({"id": name, "sha": commit, "private": repo.private, "siblings": siblings, "tags": []})

    def refs(self, kinds: str, name: str) -> None:
        repo = self.find(kinds, name)
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": at} for tag, at in repo.tags.items()]
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.main}
        self.answer({"branches": [main], "tags": tags, "converts": []})

    def history(self, kinds: str, name: str, revision: str) -> None:
        about = {"title": "", "message": "", "date": "2026-01-01T00:00:00.000Z", "authors": []}
        self.answer([{"id": commit, **about} for commit in reversed(self.find(kinds, name).commits)])

    def tree(self, kinds: str, name: str, revision: str) -> None:
        repo = self.find(kinds, name)
        files = repo.commits[self.at(repo, revision)]
        self.answer([entry(path, content) for path, content in sorted(files.items())])

    def resolve(self, name: str, revision: str, path: str) -> None:
        repo = self.find("models", name)
        commit = self.at(repo, revision)
        if path not in repo.commits[commit]:
            raise Refusal(404, "Entry not found", "EntryNotFound", commit)
        content = repo.commits[commit][path]
        about = entry(path, content)
        headers: dict[str, Any] = {"X-Repo-Commit": commit}
        if "lfs" in about:
            oid = about["lfs"]["oid"]
            self.server.blobs[oid] = content
            headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
            self.answer(b"", 302, Location=f"{self.server.blob_url}/blobs/{oid}", **headers)
        else:
            self.answer(content, ETag=f'"{about["oid"]}"', **headers)

    def blob(self, oid: str) -> None:
        content = self.server.blobs[oid]
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        headers = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"} if begin else {}
        self.answer(content[begin:], 206 if begin else 200, ETag=f'"{oid}"', **headers)

    # What needs a token

    def whoami(self) -> None:
        if self.token() not in (WRITE, READ):
            raise Refusal(401, "Invalid credentials")
        role = "write" if self.token() == WRITE else "read"
        self.answer({"type": "user", "name": "tester", "orgs": [], "auth": {"accessToken": {"role": role}}})

    def create(self) -> None:
        values = json.loads(self.body)
        name, kind = f"{values['organization']}/{values['name']}", values.get("type") or "model"
        self.check_may_write(name)
        url = f"{self.server.url}/{name}"
        if (kind, name) in self.server.repos:
            self.answer({"error": "You already created this repo", "url": url}, 409)
        else:
            private = values.get("visibility") == "private"
            self.server.add(name, {".gitattributes": b""}, kind, private=private, created_with=values)
            self.answer({"url": url})

    def validate_yaml(self) -> None:
        asked = json.loads(self.body)
        wrong = self.server.finds_wrong(asked["repoType"], asked["content"])
        self.answer({"errors": [{"message": each} for each in wrong], "warnings": []}, 400 if wrong else 200)

    def preupload(self, kinds: str, name: str, revision: str) -> None:
        repo = self.find(kinds, name)
        self.check_may_write(name)
        files = []
        for file in json.loads(self.body)["files"]:
            path = file["path"]
            mode = "lfs" if path.endswith(LARGE) or file["size"] > 10_000_000 else "regular"
            known: dict[str, Any] = entry(path, repo.files[path]) if path in repo.files else {"oid": None}
            oid = known.get("lfs", known)["oid"]
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self.answer({"files": files})

    def batch(self, name: str, kind: str | None = None) -> None:
        self.check_may_write(name)
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            upload = {"actions": {"upload": {"href": f"{self.server.blob_url}/blobs/{wanted['oid']}"}}}
            objects.append(wanted if wanted["oid"] in self.server.blobs else {**wanted, **upload})
        self.answer({"objects": objects, "transfer": "basic"})

    def put_blob(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refusal(400, "broken upload")
        self.server.blobs[oid] = self.body
        self.answer({})

    def commit(self, kinds: str, name: str, revision: str) -> None:
        repo = self.find(kinds, name)
        self.check_may_write(name)
        header, *lines = [json.loads(line) for line in self.body.splitlines()]
        if header["value"].get("parentCommit", repo.main) != repo.main:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.files)
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.blobs[value["oid"]]
            else:
                del files[value["path"]]
        commit = repo.commit(files)
        self.answer({"commitUrl": f"{self.server.url}/{name}/commit/{commit}", "commitOid": commit})

    def tag(self, name: str, revision: str) -> None:
        repo = self.find("models", name)
        self.check_may_write(name)
        tag, commit = json.loads(self.body)["tag"], self.at(repo, revision)
        if tag in repo.tags:
            raise Refusal(409, "Tag reference exists already")
        if not is_whole(repo.commits[commit]):
            self.server.halves.append(tag)
        repo.tags[tag] = commit
        self.answer({})

    def variables(self, name: str) -> None:
        repo = self.find("spaces", name)
        self.check_may_write(name)
        value = json.loads(self.body)
        repo.variables[value["key"]] = value["value"]
        self.answer({key: {"key": key, "value": value} for key, value in repo.variables.items()})

    # Helpers

    def token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def check_may_write(self, name: str) -> None:
        if self.token() != WRITE or not name.startswith("tester/"):
            raise Refusal(403, f"You don't have the rights to write to {name}")

    def find(self, kinds: str, name: str) -> Repo:
        repo = self.server.repos.get((KINDS[kinds], name))
        if repo is None or (repo.private and not self.token()):
            raise Refusal(404 if self.token() else 401, "Repository not found", "RepoNotFound")
        if repo.gated:
            raise Refusal(403, "Access to this repo is restricted", "GatedRepo")
        return repo

    def at(self, repo: Repo, revision: str) -> str:
        commit = repo.resolve(revision)
        if commit is None:
            raise Refusal(404, "Invalid rev id", "RevisionNotFound")
        return commit

    def answer(self, value: Any, status: int = 200, **headers: str) -> None:
        if callable(self.fault) and self.lost:
            self.fault()
            self.close_connection = True
            return
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        size, half = len(body), len(body) // 2
        if self.fault == "flip" and body:
            body = body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :]
        if self.fault == "drop":
            body, self.close_connection = body[:half], True
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def entry(path: str, content: bytes) -> dict[str, Any]:
    """A file as the tree lists it."""
    if not path.endswith(LARGE):
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        return {"type": "file", "path": path, "size": len(content), "oid": oid}
    sha256 = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()
    oid = hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()
    lfs = {"oid": sha256, "size": len(content), "pointerSize": len(pointer)}
    return {"type": "file", "path": path, "size": len(content), "oid": oid, "lfs": lfs}


def is_whole(files: dict[str, bytes]) -> bool:
    """Whether a tree holds an IR folder: each file that its manifest lists, with size and sha256."""
    listed = json.loads(files.get("manifest.json", b"{}")).get("files")
    return bool(listed) and all(
        hashlib.sha256(files.get(name, b"")).hexdigest() == one["sha256"] for name, one in listed.items()
    )


REPO = r"/api/(?P<kinds>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"
ROUTES: list[tuple[str, Callable[..., None]]] = [
    (r"GET /api/whoami-v2", Handler.whoami),
    (r"POST /api/repos/create", Handler.create),
    (r"POST /api/validate-yaml", Handler.validate_yaml),
    (rf"GET {REPO}", Handler.info),
    (rf"GET {REPO}/revision/(?P<revision>[^/]+)", Handler.info),
    (rf"GET {REPO}/refs", Handler.refs),
    (rf"GET {REPO}/commits/(?P<revision>[^/]+)", Handler.history),
    (rf"GET {REPO}/tree/(?P<revision>[^/]+)", Handler.tree),
    (rf"POST {REPO}/preupload/(?P<revision>[^/]+)", Handler.preupload),
    (rf"POST {REPO}/commit/(?P<revision>[^/]+)", Handler.commit),
    (r"POST /api/models/(?P<name>[^/]+/[^/]+)/tag/(?P<revision>[^/]+)", Handler.tag),
    (r"POST /api/spaces/(?P<name>[^/]+/[^/]+)/variables", Handler.variables),
    (r"POST /(?P<kind>spaces/|datasets/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", Handler.batch),
    (r"PUT /blobs/(?P<oid>\w+)", Handler.put_blob),
    (r"(?:GET|HEAD) /blobs/(?P<oid>\w+)", Handler.blob),
    (r"(?:GET|HEAD) /(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)", Handler.resolve),
]

HUB = FakeHub()  # the one of a test run; it listens from now on, and answers where a fixture runs it
