"""The routes of OpenAI's images API."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from ...domain.errors import SettingsError
from ...domain.picture_parameters import IMAGE, MASK_IMAGE
from ...domain.problems import Problem, shown
from ...domain.repetition import repeated
from ...generation.given_picture import transparent_part
from ...jobs.service import GenerationService, SubmittedRequest
from ..bodies import answer, read_object
from ..drawing_job import Drawn, finish, submit, while_connected
from ..ignored import ignored_header
from ..picture_bytes import encode, encode_text
from ..refused import refused
from ..sender import Sender
from .image_request import ImageRequest, parse_fields, read_request
from .image_stream import NO_USAGE, EventStream
from .openai_models import model_list, model_record
from .picture_links import LINK_ROUTE, PictureLinks, absolute

INTERFACE = "openai"
EDITS_ROUTE = "/v1/images/edits"
IMAGE_FIELDS = ("image", "image[]", "image[0]")  # the SDK's name of a list, and what others make of it


def openai_router(service: GenerationService, is_strict: bool, root_path: str) -> APIRouter:
    """Return the routes. `root_path` is the path, or the URL, that clients put before them."""
    router, links, models = APIRouter(), PictureLinks(), service.models

    @router.get("/v1/models")
    def list_models() -> Response:
        return answer({"object": "list", "data": model_list(models)})

    @router.get("/v1/models/{name:path}")
    def show_model(name: str) -> Response:
        return answer(model_record(models, name))

    @router.post("/v1/images/generations")
    async def generate(request: Request) -> Response:
        return await draw(request, await read_object(request), "image_generation")

    @router.post(EDITS_ROUTE)
    async def edit(request: Request) -> Response:
        return await draw(request, await _read_form(request), "image_edit")

    @router.api_route(LINK_ROUTE + "{name}", methods=["GET", "HEAD"])
    def show_picture(name: str) -> Response:
        path = links.find(name)
        return FileResponse(path, headers={"X-Content-Type-Options": "nosniff"}, media_type=f"image/{path.suffix[1:]}")

    async def draw(request: Request, fields: Mapping[str, Any], kind: str) -> Response:
        asked = read_request(fields, models, is_strict)
        submitted = await submit(service, asked.values, Sender.of(request), INTERFACE)
        headers = ignored_header(asked.ignored)
        if asked.previews is not None:
            return EventStream(submitted, asked.output_format, asked.previews, kind, headers)
        drawn = await while_connected(request, finish(submitted))
        return answer(await asyncio.to_thread(content, request, asked, submitted, drawn), headers=headers)

    def content(request: Request, asked: ImageRequest, submitted: SubmittedRequest, drawn: Drawn) -> dict[str, Any]:
        data: list[dict[str, Any]] = []
        for index, picture in enumerate(drawn.pictures):
            if asked.is_url:
                path = links.add(encode(picture, asked.output_format), asked.output_format)
                entry = {"url": absolute(path, request, root_path)}
            else:
                entry = {"b64_json": encode_text(picture, asked.output_format)}
            data.append({**entry, "seed": submitted.settings.of_picture(index).seed})
        size = f"{submitted.settings.width}x{submitted.settings.height}"
        return {
            "created": int(time.time()),
            "data": data,
            "size": size,
            "output_format": asked.output_format,
            "usage": NO_USAGE,
        }

    return router


async def _read_form(request: Request) -> dict[str, Any]:
    """Return the fields of an edit, its pictures as open files; raise Refused."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise refused(Problem("no file", {}), "image")
    form = await request.form(max_files=20, max_fields=100)  # OpenAI takes 16 pictures
    entries = form.multi_items()
    if twice := repeated(name for name, _ in entries if name not in IMAGE_FIELDS):
        raise refused(Problem("given twice", {"noun": shown(twice[0])}))
    texts = {name: value for name, value in entries if isinstance(value, str)}
    files = {name: value for name, value in entries if isinstance(value, UploadFile)}
    pictures = [file for name, file in entries if name in IMAGE_FIELDS and isinstance(file, UploadFile)]
    if not pictures:
        raise refused(Problem("no file", {}), "image")
    fields = {**parse_fields(texts), IMAGE.name: pictures[0].file}
    if "mask" in files:
        try:
            fields[MASK_IMAGE.name] = await asyncio.to_thread(transparent_part, files["mask"].file)
        except SettingsError as error:
            raise refused(error.problem, "mask") from error
    if len(pictures) > 1:
        fields[IMAGE_FIELDS[1]] = len(pictures)  # ignored, and named so: one picture can be drawn from
    return fields
