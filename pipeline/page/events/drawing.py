"""Generate, Stop, the estimate before, and the endpoint."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ...errors import SettingsError
from ..controls import Controls
from ..generation import DESCRIPTION, Generation
from ..models import Models
from ..timings import Timings, in_words
from .queueing import CONCURRENCY_ID, QUIET

DECISIVE = (  # for the time that a picture takes
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "num_images",
    "draft_decode",
)
# Generate and Stop: which of them can be pressed, in the browser at once.
RUNNING_BUTTONS = "{__type__: 'update', interactive: false}, {__type__: 'update', interactive: true}"
IDLE_BUTTONS = "{__type__: 'update', interactive: true}, {__type__: 'update', interactive: false}"
RUNNING = f"() => {{ window.sanaStopped = ''; return [{RUNNING_BUTTONS}, '', '']; }}"
IDLE = f"() => [{IDLE_BUTTONS}]"
# What `show` could not say, since it was not reached, or its answer did not come. (Stop may count as a failure, too.)
LOST = f"""(problem) => [{IDLE_BUTTONS}, problem || (window.sanaStopped ? "" :
    '<p role="alert">No picture: too many requests are waiting, or the server is gone. Try again in a moment.</p>')]"""
# What Stop left: only previews are .webp. It is said when the work has ended, so that nothing comes after it.
STOPPING = """(line, pictures) => {
    const step = /^Step (\\d+) of (\\d+)/.exec(line || "");
    const where = step ? ` after step ${step[1]} of ${step[2]}` : "";
    const isPreview = (pictures || []).some(({ image }) => image.path.endsWith(".webp"));
    window.sanaStopped = `Stopped${where}` + (isPreview ? ": this picture is unfinished." : ".");
    return "Stopping";
}"""
STOPPED = f"() => [{IDLE_BUTTONS}, window.sanaStopped]"
# On a phone the picture is below the button.
SHOW_RESULT = """() => {
    if (innerWidth <= 760) document.querySelector("#result").scrollIntoView({ behavior: "smooth" });
}"""


def connect_drawing(
    app: gr.Blocks,
    parts: SimpleNamespace,
    controls: Controls,
    models: Models,
    generation: Generation,
    timings: Timings,
) -> None:
    def estimate(model: str, *values: Any) -> str:
        try:
            settings = generation.settings(models.check(model), "none", **dict(zip(DECISIVE, values, strict=True)))
        except SettingsError:
            return ""
        seconds = timings.estimate(model, settings)
        return f"<p>Takes {in_words(seconds)} on this machine</p>" if seconds is not None else ""

    buttons = [parts.run, parts.stop]
    priced = [controls.model, *(getattr(controls, name) for name in DECISIVE)]
    changes = [each.change for each in priced]
    gr.on([*changes, app.load], estimate, priced, parts.estimate, trigger_mode="always_last", preprocess=False, **QUIET)
    triggers = [parts.run.click, controls.prompt.submit]
    gr.on(triggers, None, None, [*buttons, parts.problem, parts.status], js=RUNNING, **QUIET)
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

    checked = gr.on(triggers, check, controls.inputs, preprocess=False, **QUIET)
    checked.failure(generation.explain, controls.inputs, parts.problem, preprocess=False, **QUIET)
    checked.failure(None, None, buttons, js=IDLE, **QUIET)
    checked.success(None, None, None, js=SHOW_RESULT, **QUIET)
    shown = {**work, "outputs": [*work["outputs"], parts.problem]}
    running = checked.success(generation.show, controls.inputs, api_visibility="private", **shown)
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
    running.failure(None, parts.problem, [*buttons, parts.problem], js=LOST, **QUIET)  # `then` does not follow it
    # The file is made; the browser keeps its own copy.
    running.success(None, parts.pictures, None, js="(pictures) => { window.sanaKeep?.(pictures); }", **QUIET)
    running.success(lambda: 0, None, parts.selected, **QUIET)
    running.success(estimate, priced, parts.estimate, preprocess=False, **QUIET)  # now it is known how long this takes
    parts.stop.click(None, [parts.status, parts.pictures], parts.status, js=STOPPING, cancels=running, **QUIET).then(
        None, None, [*buttons, parts.status], js=STOPPED, **QUIET
    )
    parts.pictures.select(_index, None, parts.selected, **QUIET)


def _index(event: gr.SelectData) -> int:
    return event.index
