"""The page in the language of the browser: which one a header asks for, the head of the page, whom it concerns."""

import re
from collections.abc import Iterator

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from playwright.sync_api import Browser

from pipeline import SanaPipeline
from pipeline.page.words import all_words
from pipeline.server.by_language import best_language
from tests.browsing import STILL, TWO_FRAMES
from tests.serving import serve_pages


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,de;q=0.5,en;q=0.2", "de"),
        ("en;q=0.5,de;q=0.8", "de"),
        ("de,en", "en"),  # as much as the other: English
        ("zh-TW", "zh"),
        ("ZH-hans-cn;q=0.7 , fr", "zh"),
        ("de;q=0", "en"),
        ("de;q=2,zh;q=nan,deutsch", "en"),
        ("fr", "en"),
        (";,=;q=1" * 1000, "en"),
    ],
)
def test_the_language_of_a_header(accepted: str, language: str) -> None:
    assert best_language(accepted, ["en", "de", "zh"]) == language


@pytest.fixture(scope="module")
def address(pipe: SanaPipeline) -> Iterator[str]:
    """Serve the page in all languages; yield its address."""
    from app import build_service
    from pipeline.jobs.model_sources import LoadedSource
    from pipeline.jobs.models import Models
    from pipeline.page.layout import build
    from pipeline.server.web_app import LocalPage

    service = build_service(Models([LoadedSource(pipe)]))
    pages = [LocalPage(words, build(service, words)) for words in all_words()]
    with serve_pages(pages, service) as url:
        yield url


@pytest.mark.parametrize(("asked", "language"), [(None, "en"), ("de-AT", "de"), ("zh-TW,en;q=0.5", "zh")])
def test_the_head_is_ours_and_in_the_language(address: str, asked: str | None, language: str) -> None:
    headers = {"Accept-Language": asked} if asked else {}
    answer = httpx.get(address, headers=headers)
    words = next(words for words in all_words() if words.language == language)
    page, head = answer.text, answer.text.partition("</head>")[0]
    assert f'lang="{language}" dir="ltr"' in page
    assert f"<title>{words.title}</title>" in head
    assert re.findall(r'<meta (?:property|name)="og:description" content="(.*?)" />', head) == [words.motto]
    assert len(re.findall("og:title", head)) == 1
    metas = " ".join(re.findall(r"<meta[^>]*>", head))
    assert not re.search(r"gradio|image", metas, re.IGNORECASE)
    assert "Accept-Language" in answer.headers["vary"]


def test_programs_are_answered_in_english(address: str) -> None:
    client = Client(address, verbose=False, download_files=False)
    assert str(client.predict("a red house", api_name="/generate")[2]).startswith("Done in")
    german = {"Accept-Language": "de"}
    refused = httpx.post(f"{address}v1/images/generations", json={"prompt": ""}, headers=german)
    assert "The prompt is empty" in refused.text


def test_a_login_counts_in_all_languages() -> None:
    from pipeline.server.web_app import LocalPage

    pages = [LocalPage(words, gr.Blocks(analytics_enabled=False)) for words in all_words()]
    with serve_pages(pages, auth=("me", "secret")) as url, httpx.Client(base_url=url) as client:
        asked = [{"Accept-Language": language} for language in ("zh", "de", "en")]
        assert [client.get("config", headers=headers).status_code for headers in asked] == [401] * 3
        client.post("login", data={"username": "me", "password": "secret"}, headers=asked[0])
        assert [client.get("config", headers=headers).status_code for headers in asked] == [200] * 3


@pytest.mark.parametrize("locale", [pytest.param("de-DE", marks=pytest.mark.long), "zh-CN"])
def test_the_page_speaks_german_and_chinese(browser: Browser, address: str, locale: str) -> None:
    words = next(words for words in all_words() if words.language == locale[:2])
    with browser.new_context(locale=locale, **STILL) as context:
        tab = context.new_page()
        tab.goto(address)
        generate = tab.locator("#generate")
        tab.get_by_role("button", name=words.generate, exact=True).wait_for()
        assert str(tab.locator("html").get_attribute("lang")).startswith(words.language)  # Gradio adds the region
        assert tab.title() == words.title
        drawn_by_css = "getComputedStyle(document.querySelector('.gradio-container')).getPropertyValue('--word-drop')"
        assert words.painted["drop"] in tab.evaluate(drawn_by_css)
        tab.evaluate(TWO_FRAMES)
        generate.click()
        tab.get_by_text(words.sentences["empty"].format(noun=words.labels["prompt"])).wait_for()
        tab.get_by_label(words.labels["prompt"], exact=True).fill("a red house")
        generate.click()
        tab.locator("#status").get_by_text(words.finished("0", "").partition("0")[0].strip()).wait_for()
        seen = tab.locator("body").inner_text()
    english = {
        each for each in vars(all_words()[0].__class__).values() if isinstance(each, str) and " " in each.strip()
    }
    assert not [sentence for sentence in english if sentence in seen]
