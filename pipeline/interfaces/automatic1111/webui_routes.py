"""The routes of AUTOMATIC1111's API."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...domain.errors import SettingsError
from ...domain.picture_parameters import IMAGE
from ...domain.problems import Problem
from ...jobs.service import GenerationService
from ..bodies import answer, picture_file, read_object
from ..drawing_job import finish, submit, while_connected
from ..ignored import ignored_header
from ..picture_bytes import encode_text
from ..refused import refused
from ..sender import Sender
from .clients import Clients, Drawing, KnownClient
from .drawing_answer import drawing_answer
from .drawing_request import CHECKPOINT, find_checkpoint, read_drawing
from .picture_info import picture_info
from .webui_lists import VAE, samplers, schedulers, sd_models, upscalers

INTERFACE = "automatic1111"
PREFIX = "/sdapi/v1"
PICTURE_ROUTES = (f"{PREFIX}/img2img", f"{PREFIX}/png-info")


def automatic1111_router(service: GenerationService, is_strict: bool) -> APIRouter:
    router, clients, models = APIRouter(prefix=PREFIX), Clients(), service.models

    def client_of(request: Request) -> KnownClient:
        return clients.of(Sender.of(request).client)

    @router.post("/txt2img")
    async def draw_text(request: Request) -> Response:
        fields = await read_object(request)
        fields.pop("init_images", None)
        return await draw(request, fields, "txt2img")

    @router.post("/img2img")
    async def draw_picture(request: Request) -> Response:
        fields = await read_object(request)
        if not fields.get("init_images"):
            raise refused(Problem("no base64", {"noun": IMAGE.noun}), "init_images")
        return await draw(request, fields, "img2img")

    async def draw(request: Request, fields: dict[str, Any], kind: str) -> Response:
        client = client_of(request)
        asked = await asyncio.to_thread(read_drawing, fields, models, client.model, is_strict)
        submitted = await submit(service, asked.values, Sender.of(request), INTERFACE)
        settings = submitted.settings
        drawing = Drawing(kind, submitted.job, settings.picture_count)
        client.drawings.append(drawing)
        try:
            drawn = await while_connected(request, finish(submitted, drawing.follow))
        finally:
            client.drawings.remove(drawing)
        content = await asyncio.to_thread(drawing_answer, drawn, settings, asked.model, fields, asked.ignored)
        return answer(content, headers=ignored_header(asked.ignored))

    @router.get("/progress")
    async def show_progress(request: Request, skip_current_image: bool = False) -> Response:
        drawing = client_of(request).current
        return answer(await asyncio.to_thread(_progress, drawing, not skip_current_image))

    @router.post("/interrupt")
    def interrupt(request: Request) -> Response:
        if drawing := client_of(request).current:
            drawing.job.cancel()
        return answer({})

    @router.get("/options")
    def show_options(request: Request) -> Response:
        return answer(_options(models.find(client_of(request).model)))

    @router.post("/options")
    async def set_options(request: Request) -> Response:
        fields, client = await read_object(request), client_of(request)
        own = _options(models.find(client.model))
        ignored = [name for name, value in fields.items() if name != CHECKPOINT and own.get(name, ...) != value]
        client.model, ignored_model = find_checkpoint(models, fields.get(CHECKPOINT), client.model, is_strict)
        return answer(None, headers=ignored_header([*ignored, *ignored_model]))

    @router.post("/png-info")
    async def show_settings(request: Request) -> Response:
        file = picture_file((await read_object(request)).get("image"), IMAGE.noun)
        try:
            return answer(await asyncio.to_thread(picture_info, file))
        except SettingsError as error:
            raise refused(error.problem, "image") from error

    lists = {
        "sd-models": lambda: sd_models(models),
        "samplers": samplers,
        "schedulers": schedulers,
        "upscalers": upscalers,
        "latent-upscale-modes": list,
        "sd-vae": list,
    }
    for name, content in lists.items():
        router.add_api_route(f"/{name}", lambda content=content: answer(content()), methods=["GET"])
    return router


def _options(model: str) -> dict[str, Any]:
    return {CHECKPOINT: model, "sd_vae": VAE, "samples_format": "png", "CLIP_stop_at_last_layers": 1}


def _progress(drawing: Drawing | None, with_picture: bool) -> dict[str, Any]:
    """Return how far a request is, with the time left as AUTOMATIC1111 estimates it."""
    state: dict[str, Any] = {
        "skipped": False,
        "interrupted": bool(drawing and drawing.job.is_cancelled),
        "stopping_generation": False,
        "job": drawing.kind if drawing else "",
        "job_count": drawing.images if drawing else 0,
        "job_timestamp": time.strftime("%Y%m%d%H%M%S", time.localtime(drawing.begun)) if drawing else "0",
        "job_no": drawing.finished if drawing else 0,
        "sampling_step": drawing.step if drawing else 0,
        "sampling_steps": drawing.steps if drawing else 0,
    }
    share = drawing.share if drawing else 0.0
    left = (time.time() - drawing.begun) * (1 - share) / share if drawing and share else 0.0
    preview = drawing.preview if drawing and with_picture else None
    return {
        "progress": share,
        "eta_relative": left,
        "state": state,
        "current_image": encode_text(preview, "png") if preview else None,
        "textinfo": None,
    }
