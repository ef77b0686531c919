"""Which event of the page calls what. Only Generate and loading a model use the model, and so wait in one queue."""

import asyncio
import dataclasses
import html
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..errors import SanaError, SettingsError
from ..image import read_settings
from .about import badge, facts, note
from .controls import Controls, fit, options
from .description import Description
from .examples import examples
from .generation import DESCRIPTION, Generation
from .link import read_link
from .models import Models
from .pictures import model_of, settings_of, shown
from .shapes import shape_of, shapes
from .styles import describe_style
from .timings import Timings, in_words

CONCURRENCY_ID = "generation"  # shared by everything that uses the model: one at a time, in the order of asking
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
RUNNING = "() => [{__type__: 'update', interactive: false}, {__type__: 'update', interactive: true}, '']"
IDLE = "() => [{__type__: 'update', interactive: true}, {__type__: 'update', interactive: false}]"
STOPPED = """(line, pictures) => {
    const step = /^Step (\\d+) of (\\d+)/.exec(line || "");
    const where = step ? ` after step ${step[1]} of ${step[2]}` : "";
    return `Stopped${where}` + (pictures && pictures.length ? ": this picture is unfinished." : ".");
}"""
LINK = """(...values) => {
    const names = ["prompt", "negative_prompt", "style", "width", "height", "num_inference_steps", "guidance_scale",
        "seed", "randomize_seed", "num_images", "model", "use_resolution_binning"];
    const query = new URLSearchParams();
    names.forEach((name, index) => {
        const value = values[index];
        if (name !== "randomize_seed" && value !== "" && value !== null) query.set(name, value);
    });
    const link = `${location.origin}${location.pathname}?${query}`;
    history.replaceState(null, "", link);
    navigator.clipboard?.writeText(link).catch(() => {});
    return "The link to these settings is in the address bar" + (navigator.clipboard ? ", and copied." : ".");
}"""


def connect(
    app: gr.Blocks,
    parts: SimpleNamespace,
    controls: Controls,
    models: Models,
    generation: Generation,
    timings: Timings,
) -> None:
    """Connects the parts of the page; called inside of its Blocks."""
    _connect_generation(app, parts, controls, models, generation, timings)
    _connect_settings(app, parts, controls, models, generation)
    _connect_pictures(parts, controls, models)
    _connect_models(app, parts, controls, models)


def _connect_generation(
    app: gr.Blocks,
    parts: SimpleNamespace,
    controls: Controls,
    models: Models,
    generation: Generation,
    timings: Timings,
) -> None:
    def estimate(model: str, width: int, height: int, steps: int, guidance: float, images: int) -> str:
        try:
            settings = generation.settings(
                models.check(model),
                "none",
                width=width,
                height=height,
                num_inference_steps=steps,
                guidance_scale=guidance,
                num_images_per_prompt=images,
            )
        except SettingsError:
            return ""
        seconds = timings.estimate(model, settings)
        return f"<p>Takes {in_words(seconds)} on this machine</p>" if seconds is not None else ""

    buttons = [parts.run, parts.stop]
    priced = [
        controls.model,
        controls.width,
        controls.height,
        controls.num_inference_steps,
        controls.guidance_scale,
        controls.num_images,
    ]
    gr.on([app.load, *(each.change for each in priced)], estimate, priced, parts.estimate, **QUIET)
    triggers = [parts.run.click, controls.prompt.submit]
    gr.on(triggers, None, None, [*buttons, parts.problem], js=RUNNING, **QUIET)
    work: dict[str, Any] = {
        "outputs": [parts.pictures, controls.seed, parts.status],
        "preprocess": False,  # plain values, all checked by the validator: no limit is said twice
        "concurrency_limit": 1,
        "concurrency_id": CONCURRENCY_ID,
        "show_progress": "minimal",
        "show_progress_on": parts.status,
    }

    def check(*values: Any) -> None:
        """Before anything queues; what is wrong is then said beside the button."""
        if problems := generation.problems(*values):
            raise gr.Error(" ".join(problems), visible=False, print_exception=False)

    def explain(*values: Any) -> str:
        return f'<p role="alert">{html.escape(" ".join(generation.problems(*values)))}</p>'

    checked = gr.on(triggers, check, controls.inputs, preprocess=False, **QUIET)
    checked.failure(explain, controls.inputs, parts.problem, preprocess=False, **QUIET)
    checked.failure(None, None, buttons, js=IDLE, **QUIET)
    running = checked.success(generation.show, controls.inputs, api_visibility="private", **work)
    # The endpoint: its ten parameters are a contract, also for those who send them by position.
    # The page draws another picture each time until a seed is typed; the endpoint keeps to its seed.
    own = dataclasses.replace(controls, randomize_seed=parts.endpoint_randomize)
    parameters = own.inputs[: 11 if controls.model.visible else 10]
    parts.endpoint.click(
        generation.generate,
        parameters,
        api_name="generate",
        api_description=DESCRIPTION,
        validator=generation.validate,
        **work,
    )
    running.then(None, None, buttons, js=IDLE, **QUIET)
    # The file is made; the browser keeps its own copy.
    running.success(None, parts.pictures, None, js="(pictures) => { window.sanaKeep?.(pictures); }", **QUIET)
    running.success(lambda: 0, None, parts.selected, **QUIET)
    running.success(estimate, priced, parts.estimate, **QUIET)  # now it is known how long this takes
    parts.stop.click(None, [parts.status, parts.pictures], parts.status, js=STOPPED, cancels=running, **QUIET).then(
        None, None, buttons, js=IDLE, **QUIET
    )
    parts.pictures.select(_index, None, parts.selected, **QUIET)


def _connect_settings(
    app: gr.Blocks,
    parts: SimpleNamespace,
    controls: Controls,
    models: Models,
    generation: Generation,
) -> None:
    def open_link(request: gr.Request) -> dict[Any, Any]:
        values, problems = read_link(request.query_params, models, generation)
        model = models.describe(values.get("model", models.names[0]))
        wanted = fit(model) if "model" in values else {}
        wanted.update({name: gr.update(**{**wanted.get(name, {}), "value": value}) for name, value in values.items()})
        line = "The link is not right in all: " + " ".join(problems) if problems else gr.skip()
        return {**controls.updates(wanted), parts.status: line}

    def size_of(shape: str, model: str) -> tuple[int, int]:
        description = models.describe(model)
        return shapes(description.defaults, description.native)[shape]

    def shape(width: int, height: int, model: str) -> str | None:
        description = models.describe(model)
        return shape_of(width, height, description.defaults, description.native)

    sizes = [controls.width, controls.height]
    parts.shape.input(size_of, [parts.shape, controls.model], sizes, **QUIET)
    gr.on([each.change for each in sizes], shape, [*sizes, controls.model], parts.shape, **QUIET)
    gr.on(
        [controls.style.change, controls.model.change],
        lambda style, model: describe_style(style, models.describe(model).family),
        [controls.style, controls.model],
        parts.adds,
        **QUIET,
    )
    parts.examples.click(lambda row: row[0], parts.examples, controls.prompt, **QUIET)
    controls.seed.input(None, None, controls.randomize_seed, js="() => false", **QUIET)
    parts.reuse.click(None, None, controls.randomize_seed, js="() => false", **QUIET)
    app.load(open_link, None, [*controls.inputs, parts.status], **QUIET)
    parts.link.click(None, controls.inputs, parts.status, js=LINK, **QUIET)


def _connect_pictures(parts: SimpleNamespace, controls: Controls, models: Models) -> None:
    def refill(path: Path, current: str) -> dict[Any, Any]:
        name, line = model_of(path, models, current)
        model = models.describe(name)
        values = {**settings_of(path, model), "model": name}
        wanted = fit(model)
        wanted.update({key: gr.update(**{**wanted.get(key, {}), "value": value}) for key, value in values.items()})
        return {**controls.updates(wanted), parts.status: line}

    def use(pictures: Any, index: int, current: str) -> dict[Any, Any]:
        try:
            return refill(shown(pictures, index), current)
        except SanaError as error:
            return {parts.status: str(error)}

    def drop(file: str | None, current: str) -> dict[Any, Any]:
        if file is None:
            return {parts.drop: None}
        try:
            return {**refill(Path(file), current), parts.pictures: [Path(file)], parts.selected: 0, parts.drop: None}
        except SanaError as error:
            return {parts.status: str(error), parts.drop: None}

    def pin(pictures: Any, index: int) -> dict[Any, Any]:
        try:
            path = shown(pictures, index)
        except SanaError as error:
            return {parts.status: str(error)}
        line = "Kept for comparison: now draw or choose another picture, and a slider lays one over the other."
        return {parts.pinned: str(path), parts.status: line}

    def lay_over(pictures: Any, index: int, pinned: str | None) -> dict[Any, Any]:
        """Shows the slider as soon as another picture than the pinned one is there."""
        try:
            path = shown(pictures, index)
        except SanaError:
            return {parts.comparison: gr.skip()}
        if pinned is None or not Path(pinned).is_file() or Path(pinned).read_bytes() == path.read_bytes():
            return {parts.comparison: gr.skip()}
        captions = "".join(f"<span>{_caption(each)}</span>" for each in (Path(pinned), path))
        return {
            parts.comparison: gr.update(visible=True),
            parts.slider: (pinned, str(path)),
            parts.captions: f'<div class="captions">{captions}</div>',
        }

    settings = [*controls.inputs, parts.status]
    parts.use.click(use, [parts.pictures, parts.selected, controls.model], settings, **QUIET)
    # What comes next is a change of the prompt: the cursor waits there.
    parts.same_seed.click(use, [parts.pictures, parts.selected, controls.model], settings, **QUIET).then(
        None, None, None, js="() => { document.querySelector('#prompt textarea').focus(); }", **QUIET
    )
    parts.drop.upload(
        drop, [parts.drop, controls.model], [*settings, parts.pictures, parts.selected, parts.drop], **QUIET
    )
    parts.compare.click(pin, [parts.pictures, parts.selected], [parts.pinned, parts.status], **QUIET)
    gr.on(
        [parts.pictures.change, parts.selected.change],
        lay_over,
        [parts.pictures, parts.selected, parts.pinned],
        [parts.comparison, parts.slider, parts.captions],
        **QUIET,
    )
    parts.end_compare.click(lambda: (None, gr.update(visible=False)), None, [parts.pinned, parts.comparison], **QUIET)


def _connect_models(app: gr.Blocks, parts: SimpleNamespace, controls: Controls, models: Models) -> None:
    def choose(name: str) -> dict[Any, Any]:
        model = models.describe(name)
        return {
            **controls.updates(fit(model)),
            parts.shape: gr.update(**options("shape", model)),
            parts.examples: gr.update(samples=examples(model.is_miniature)),
            parts.note: note(model),
            **about(name, "Waiting for the model"),
        }

    def load(name: str) -> Iterator[dict[Any, Any]]:
        try:
            for update in models.prepare(name):
                yield about(name, update.line)
        except SanaError as error:
            yield about(name, str(error))
            return
        yield about(name, None)

    def about(name: str, line: str | None) -> dict[Any, Any]:
        model: Description = models.describe(name)
        device = models.device(name)
        return {parts.badge: badge(model, device, line), parts.facts: facts(model, device)}

    async def follow(name: str) -> AsyncIterator[dict[Any, Any]]:
        """What is being done until the first model is ready, for whoever opens the page meanwhile."""
        while (loading := models.loading) and not loading.settled.is_set():
            yield about(name, loading.line)
            await asyncio.sleep(0.5)
        yield about(name, None)

    about_parts = [parts.badge, parts.facts]
    chosen = controls.model.input(
        choose,
        controls.model,
        [*controls.inputs, parts.shape, parts.examples, parts.note, *about_parts],
        **QUIET,
    )
    chosen.then(
        load,
        controls.model,
        about_parts,
        concurrency_limit=1,
        concurrency_id=CONCURRENCY_ID,
        show_progress="hidden",
        api_visibility="private",
    )
    app.load(
        follow,
        controls.model,
        about_parts,
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )


def _index(event: gr.SelectData) -> int:
    return event.index


def _caption(path: Path) -> str:
    """What tells two pictures apart: numbers only, so nothing in it can be markup."""
    settings = read_settings(path)
    size = f"{settings.width} x {settings.height}"
    return f"{settings.num_inference_steps} steps, guidance {settings.guidance_scale:g}, seed {settings.seed}, {size}"
