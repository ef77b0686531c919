"""The endpoint `/generate`, whose parameters, defaults and documentation come from the table."""

import inspect
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.presets import PRESET
from ..domain.schedule_parameters import SCHEDULE_PARAMETERS
from ..domain.settings import PARAMETERS, SEED
from ..jobs.service import GenerationService
from .controls import Controls
from .following import draw
from .given_files import of_endpoint
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
            asked = of_endpoint(values)
            async with aclosing(draw(service, words, asked, Visitor.of(app, request), ENDPOINT)) as updates:
                async for pictures, preview, seed, status in updates:
                    if status.total:
                        progress((int(status.done or 0), int(status.total)), desc=status.text, unit=status.unit)
                    yield gallery(pictures, preview), seed, status.text
        except SanaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def validate(**values: Any) -> list[dict[str, Any]]:
        """Return a verdict on each value; Gradio asks before the request queues."""
        problems = service.problems(of_endpoint(values))
        sentences = (problems[name].sentence if name in problems else "" for name in values)
        return [gr.validate(not sentence, sentence) for sentence in sentences]

    lines = (f"    {parameter.name}: {parameter.doc}" for parameter in (*PARAMETERS, PRESET))
    generate.__doc__ = "\n".join((DESCRIPTION, "", "Args:", *lines))
    own = {**controls.of_parameters(), **parts.of_endpoint}
    parts.endpoint.click(
        _with_defaults(generate, [*parts.of_endpoint, *(each.name for each in SCHEDULE_PARAMETERS)]),
        inputs_kwargs=own,
        outputs=[parts.gallery, controls[SEED.name], parts.times],
        api_name=ENDPOINT,
        api_description=DESCRIPTION,
        validator=validate,
        preprocess=False,  # the validator checks the plain values, so Gradio need not
        postprocess=False,
        show_progress="hidden",
        **UNLIMITED,
    )


def _with_defaults(function: Any, names: Iterable[str]) -> Any:
    """Return the function with a signature that names these keywords, with defaults of None.

    Gradio offers None as the default of an empty component only if the function has it.
    """
    signature = inspect.signature(function)
    *own, values = signature.parameters.values()
    optional = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in names]
    function.__signature__ = signature.replace(parameters=[*own, *optional, values])
    return function
