"""Two more ways, which are programs of their own: a browser, and `python -m pipeline.batch`."""

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tests.browsing import PROGRESS, STILL, chromium, done

from .ways import MANY_STEPS, ROOT, STEPS, TIMEOUT

PAGE_SECONDS = 180.0  # chosen: a page waits for all others before it, and a lost picture is told within the soak
BEGUN, ENDED = re.compile(f"{PROGRESS.pattern}|^Done in"), re.compile("^Stopped|^Done in")
MANY = 500  # lines of a batch that is interrupted; chosen: they take minutes
START_SECONDS = 15.0  # after which it is; chosen: it draws by then on two busy cores


class Browser:
    """Chromium, in the thread that opened it, with nothing kept from one request to the next.

    It leaves in the middle in both ways: by Stop, and by a reload, after which the picture is found again.
    """

    name = "browser"

    def __init__(self, url: str, number: int) -> None:
        self._url = url
        self._stack = ExitStack()
        browser = self._stack.enter_context(chromium())
        assert browser is not None, "there is no chromium here"
        self._browser = browser
        self._is_reloading = False

    def draw(self, prompt: str, seed: int) -> bytes:
        with self._generating({"prompt": prompt, "seed": seed, "num_inference_steps": STEPS}) as tab:
            done(tab)
            with tab.expect_download() as download:
                tab.get_by_label("Download", exact=True).click()
            return download.value.path().read_bytes()

    def cancel(self, prompt: str) -> None:
        with self._generating({"prompt": prompt, "num_inference_steps": MANY_STEPS}) as tab:
            tab.get_by_text(BEGUN).wait_for()
            self._is_reloading = not self._is_reloading
            if self._is_reloading:
                tab.reload()
            else:
                tab.evaluate("document.querySelector('#stop').click()")  # may be too late
            tab.get_by_text(ENDED).wait_for()

    def be_refused(self) -> None:
        with self._generating({"seed": 1}) as tab:
            tab.get_by_text("The prompt is empty").wait_for()

    def close(self) -> None:
        self._stack.close()

    @contextmanager
    def _generating(self, values: Mapping[str, Any]) -> Iterator[Page]:
        """Open the page by a link with these values, press Generate, and yield it."""
        with self._browser.new_context(**STILL) as context:
            context.set_default_timeout(1000 * PAGE_SECONDS)
            tab = context.new_page()
            tab.goto(f"{self._url}?{urlencode(values)}")
            filled = "prompt => document.querySelector('#prompt textarea')?.value === prompt"
            tab.wait_for_function(filled, arg=values.get("prompt", ""))
            tab.wait_for_function("document.querySelector('#generate')?.disabled === false")
            tab.get_by_role("button", name="Generate", exact=True).click()
            try:
                yield tab
            except PlaywrightError as error:
                said = tab.locator("#status").inner_text()
                raise AssertionError(f"{error.message.splitlines()[0]} The page says: {said!r}") from error


class Batch:
    """Batches, which draw in processes of their own beside the server."""

    name = "batch"

    def __init__(self, url: str, number: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="soak-")
        self._runs = 0

    def draw(self, prompt: str, seed: int) -> bytes:
        output, process = self._run({"prompt": prompt, "seed": seed, "num_inference_steps": STEPS})
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, said
        (line,) = (output / "results.jsonl").read_text().splitlines()
        return (output / json.loads(line)["file"]).read_bytes()

    def cancel(self, prompt: str) -> None:
        """Interrupt a longer batch in the middle: its files are whole."""
        output, process = self._run(*MANY * [{"prompt": prompt}])
        time.sleep(START_SECONDS)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1, said
        assert "goes on from here" in said, said
        for file in output.glob("*.png"):
            with Image.open(file) as image:
                image.load()

    def be_refused(self) -> None:
        _, process = self._run({"prompt": "a house", "width": 100})
        said, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1, said
        assert "The width must be" in said, said
        assert "Traceback" not in said, said

    def close(self) -> None:
        self._folder.cleanup()

    def _run(self, *lines: dict[str, Any]) -> tuple[Path, subprocess.Popen[str]]:
        """Start a batch; return the folder of its pictures, and its process."""
        self._runs += 1
        folder = Path(self._folder.name) / str(self._runs)
        folder.mkdir()
        (folder / "prompts.jsonl").write_text("\n".join(map(json.dumps, lines)))
        command = [sys.executable, "-m", "pipeline.batch", str(folder / "prompts.jsonl")]
        command += ["--output", str(folder / "pictures")]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return folder / "pictures", subprocess.Popen(command, cwd=ROOT, **pipes)
