"""A picture as a stream of events, with its previews."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from ...domain.errors import SanaError
from ...domain.updates import PictureUpdate, StepUpdate
from ...jobs.service import SubmittedRequest
from ..envelopes import openai_error
from ..picture_bytes import encode_text
from ..refused import refusal_of

NO_USAGE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "total_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
}


async def stream_events(
    submitted: SubmittedRequest, output_format: str, previews: int, kind: str
) -> AsyncIterator[str]:
    """Yield server-sent events of a job that draws one picture; `kind` is the first part of their types.

    Closing the iterator cancels the job.
    """
    settings = submitted.settings
    common = {
        "created_at": int(time.time()),
        "size": f"{settings.width}x{settings.height}",
        "quality": "auto",
        "background": "opaque",
        "output_format": output_format,
    }
    sent = 0
    try:
        async with submitted.job.follow() as updates:
            async for update in updates:
                if isinstance(update, StepUpdate) and update.preview and _is_due(update, sent, previews):
                    picture = await asyncio.to_thread(encode_text, update.preview, output_format)
                    yield _event(f"{kind}.partial_image", {**common, "b64_json": picture, "partial_image_index": sent})
                    sent += 1
                elif isinstance(update, PictureUpdate):
                    picture = await asyncio.to_thread(encode_text, update.picture, output_format)
                    more = {"b64_json": picture, "seed": settings.seed, "usage": NO_USAGE}
                    yield _event(f"{kind}.completed", {**common, **more})
    except SanaError as error:
        refusal = refusal_of(error)
        yield _event("error", openai_error(refusal.status, refusal.sentence))


def _is_due(update: StepUpdate, sent: int, previews: int) -> bool:
    """Return whether a step's preview is sent: they are spread evenly over the steps before the picture."""
    return sent < previews and update.step >= update.steps * (sent + 1) / (previews + 1)


def _event(kind: str, content: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n"
