"""The endpoint `/generate`, whose parameters, defaults and documentation come from the table."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.settings import PARAMETERS, RANDOMIZE_SEED, SEED
from ..jobs.service import GenerationService
from .controls import Controls
from .following import draw
from .page_blocks import ENDPOINT
from .picture_gallery import gallery
from .queueing import UNLIMITED
from .visitor import Visitor
from .words import English

DESCRIPTION = """Draws pictures of a prompt. Returns them as PNG files that hold the settings they were made with,
the seed that was used, and a line of times. While it runs, each step yields a preview and how far it is."""
_PROGRESS = gr.Progress()


def connect_endpoint(app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService) -> None:
    """Add the endpoint. Clients also get each update as a `ProgressUnit` of gradio_client."""
    words = English()  # HTTP answers in English, whatever the language of the page

    async def generate(
        request: gr.Request, progress: gr.Progress = _PROGRESS, **values: Any
    ) -> AsyncIterator[tuple[list[dict[str, Any]], int, str]]:
        try:
            async with aclosing(draw(service, words, values, Visitor.of(app, request))) as updates:
                async for pictures, preview, seed, status in updates:
                    if status.total:
                        progress((int(status.done or 0), int(status.total)), desc=status.text, unit=status.unit)
                    yield gallery(pictures, preview), seed, status.text
        except SanaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def validate(**values: Any) -> list[dict[str, Any]]:
        """Return a verdict on each value; Gradio asks before the request queues."""
        problems = service.problems(values)
        sentences = (problems[name].sentence if name in problems else "" for name in values)
        return [gr.validate(not sentence, sentence) for sentence in sentences]

    lines = (f"    {parameter.name}: {parameter.doc}" for parameter in PARAMETERS)
    generate.__doc__ = "\n".join((DESCRIPTION, "", "Args:", *lines))
    # The page's own checkbox starts at True. The endpoint's starts at False: its seed counts by default.
    own = {**controls.of_parameters(), RANDOMIZE_SEED.name: parts.endpoint_randomize}
    parts.endpoint.click(
        generate,
        inputs_kwargs=own,
        outputs=[parts.pictures, controls[SEED.name], parts.times],
        api_name=ENDPOINT,
        api_description=DESCRIPTION,
        validator=validate,
        preprocess=False,  # the validator checks the plain values, so Gradio need not
        postprocess=False,
        show_progress="hidden",
        **UNLIMITED,
    )
