"""The page: what it shows and which event calls what. Limits and defaults come from the model and from settings.py."""

import asyncio
from collections.abc import AsyncIterator, Callable

import gradio as gr

from ..settings import MAX_GUIDANCE, MAX_IMAGES, MAX_SEED, MAX_STEPS, MIN_GUIDANCE, SIZE_MULTIPLE
from ..variants import Defaults
from .examples import EXAMPLES
from .generation import Generation
from .look import STATUS_CSS, STATUS_TEMPLATE
from .preparation import BundledPipeline, Pipeline
from .shapes import shapes
from .styles import NO_STYLE, STYLES

CONCURRENCY_ID = "generation"  # shared by everything that uses the model: one at a time, in the order of asking
MAX_QUEUE = 20  # requests that may wait; a CPU needs seconds to minutes for each
CACHE_CHECK, CACHE_AGE = 3600, 86400  # seconds: pictures older than a day are deleted, looked for every hour

INTRODUCTION = """# Sana
Describe a picture, and it is drawn on this machine's own processor."""


def build(pipeline: Pipeline) -> gr.Blocks:
    """The page and its `/generate` endpoint, not launched."""
    generation = Generation(pipeline)
    defaults = pipeline.defaults
    with gr.Blocks(title="Sana", analytics_enabled=False, delete_cache=(CACHE_CHECK, CACHE_AGE)) as app:
        gr.Markdown(INTRODUCTION, elem_id="title")
        with gr.Row(elem_id="work"):
            with gr.Column(elem_id="ask", min_width=0):
                prompt = gr.Textbox(
                    label="Prompt", lines=3, max_lines=8, autofocus=True, placeholder=f"for example: {EXAMPLES[0]}"
                )
                with gr.Row():
                    run = gr.Button("Generate", variant="primary", scale=3, min_width=120)
                    stop = gr.Button("Stop", variant="stop", scale=1, min_width=80)
            with gr.Column(elem_id="result", min_width=0):
                pictures = gr.Gallery(
                    label="Pictures",
                    show_label=False,
                    preview=True,
                    selected_index=0,
                    object_fit="contain",
                    buttons=["download", "fullscreen"],
                    interactive=False,
                    elem_id="pictures",
                )
                status = gr.HTML(
                    "", label="Times", html_template=STATUS_TEMPLATE, css_template=STATUS_CSS, min_height=48
                )
            with gr.Column(elem_id="settings", min_width=0):
                gr.Examples(EXAMPLES, prompt, label="Try one of these", api_visibility="private", preload=False)
                shape = gr.Radio(list(shapes(defaults)), label="Shape", value="Square")
                with gr.Row():
                    width = _size_slider("Width", defaults.width, defaults)
                    height = _size_slider("Height", defaults.height, defaults)
                with gr.Row():
                    seed = gr.Number(0, precision=0, minimum=0, maximum=MAX_SEED, label="Seed", min_width=140)
                    randomize_seed = gr.Checkbox(False, label="Random seed", min_width=140)
                with gr.Accordion("More settings", open=False):
                    sprint = pipeline.family == "sprint"
                    negative_prompt = gr.Textbox(
                        "",
                        label="Negative prompt",
                        info="A Sprint model has none." if sprint else "What to avoid, where guidance is above 1.",
                        interactive=not sprint,
                    )
                    steps = gr.Slider(1, MAX_STEPS, defaults.num_inference_steps, step=1, precision=0, label="Steps")
                    guidance_scale = gr.Slider(
                        MIN_GUIDANCE, MAX_GUIDANCE, defaults.guidance_scale, step=0.1, label="Guidance"
                    )
                    num_images = gr.Slider(1, MAX_IMAGES, 1, step=1, precision=0, label="Pictures")
                    style = gr.Dropdown(list(STYLES), value=NO_STYLE, label="Style", visible=len(STYLES) > 1)

        running = gr.on(
            [run.click, prompt.submit],
            generation.generate,
            inputs=[
                prompt,
                negative_prompt,
                style,
                width,
                height,
                steps,
                guidance_scale,
                seed,
                randomize_seed,
                num_images,
            ],
            outputs=[pictures, seed, status],
            api_name="generate",
            validator=generation.validate,
            preprocess=False,  # plain values, all checked by the validator: no limit is said twice
            concurrency_limit=1,
            concurrency_id=CONCURRENCY_ID,
            show_progress="hidden",
        )
        stop.click(lambda: "Stopped", None, status, cancels=running, queue=False, api_visibility="private")
        shape.input(lambda name: shapes(defaults)[name], shape, [width, height], queue=False, api_visibility="private")
        # The page draws another picture each time, until a seed is typed; the endpoint keeps to its seed.
        app.load(None, None, randomize_seed, js="() => true")
        seed.input(None, None, randomize_seed, js="() => false")
        if isinstance(pipeline, BundledPipeline):
            app.load(_preparation(pipeline), None, status, concurrency_limit=None, api_visibility="private")
    return app.queue(max_size=MAX_QUEUE, api_open=False)  # False: no request passes the queue by


def _size_slider(label: str, value: int, defaults: Defaults) -> gr.Slider:
    return gr.Slider(
        defaults.min_size, defaults.max_size, value, step=SIZE_MULTIPLE, precision=0, label=label, min_width=140
    )


def _preparation(pipeline: BundledPipeline) -> Callable[[], AsyncIterator[str]]:
    async def follow() -> AsyncIterator[str]:
        """What is being done until the model is ready, for whoever opens the page meanwhile."""
        while (line := pipeline.line) is not None:
            yield line
            await asyncio.sleep(0.5)
        yield ""

    return follow
