"""The head of the page: our title, description and language, in place of those of Gradio's templates."""

import re
from collections.abc import Callable
from typing import Any

from gradio.routes import templates
from jinja2 import BaseLoader, Environment

_THEIRS = re.compile(r"""<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*""")
_OURS = """<meta charset="utf-8" />
{% set words = request.app.state.words %}<title>{{ words.title }}</title>
<meta name="description" content="{{ words.motto }}" />
<meta property="og:type" content="website" />
<meta property="og:title" content="{{ words.title }}" />
<meta property="og:description" content="{{ words.motto }}" />
<meta name="twitter:card" content="summary" />
{{ request.app.state.first_head | safe }}"""
_PLACES = {
    '<meta charset="utf-8" />': _OURS,
    'lang="en"': 'lang="{{ request.app.state.words.language }}" dir="{{ request.app.state.words.direction }}"',
}


class PageHead(BaseLoader):
    """A loader of Gradio's templates, which are Jinja's, with our head.

    The `state` of each app has its `words` and its `first_head`.
    """

    def __init__(self, theirs: BaseLoader) -> None:
        self._theirs = theirs

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], Any] | None]:
        source, path, is_fresh = self._theirs.get_source(environment, template)
        source = _THEIRS.sub("", source)
        for theirs, ours in _PLACES.items():
            source = source.replace(theirs, ours, 1)
        return source, path, is_fresh


def use_own_head() -> None:
    """Let Gradio fill our head into its pages, in all apps of this process."""
    loader = templates.env.loader
    if loader is not None and not isinstance(loader, PageHead):
        templates.env.loader = PageHead(loader)
