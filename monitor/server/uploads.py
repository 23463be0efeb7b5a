"""A recording sent in to be analysed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Literal, cast

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

from monitor.server.desk import Desk
from monitor.sources import Busy, SourceError

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "agent_channel": {"type": "integer", "enum": [0, 1], "default": 0},
                        "title": {"type": "string"},
                        "consent": {
                            "type": "boolean",
                            "description": "Needed where privacy.consent is required",
                        },
                    },
                }
            }
        },
    }
}


class Accepted(BaseModel):
    call_id: str


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/api")

    # The body is read by hand: FastAPI would take all of it before asking who sends it.
    @routes.post("/recordings", status_code=202, openapi_extra=_FORM)
    async def upload(request: Request) -> Accepted:
        """Analyse a recording. Supervisors only."""
        if not desk.auth.identify(request).supervises:
            raise HTTPException(403, "only supervisors send recordings in")
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or "transfer-encoding" in request.headers:
            raise HTTPException(411, "the request must say its length")
        if int(length) > desk.max_upload_bytes:
            raise HTTPException(413, f"at most {desk.max_upload_bytes // 1024**2} MiB")
        await run_in_threadpool(_room, int(length), desk)
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise HTTPException(400, "the form needs a file")
            channel = _channel(form.get("agent_channel", "0"))
            title = form.get("title", "")
            if not isinstance(title, str) or len(title) > 200:
                raise HTTPException(400, "title is text of at most 200 characters")
            if desk.settings.privacy.consent == "required" and form.get("consent") != "true":
                raise HTTPException(403, "consent is required here: send consent=true once given")
            name = Path(file.filename or "recording").name[-200:]
            path = desk.store.upload_path(_suffix(name))
            taken = False
            try:
                await run_in_threadpool(_save, file, path)
                call_id = await desk.analyze_upload(path, channel, title or name)
                taken = True
            except SourceError as error:
                # The sender knows the file by its own name.
                raise HTTPException(400, str(error).replace(path.name, name)) from None
            except Busy as error:
                raise HTTPException(503, str(error)) from None
            except OSError as error:
                raise HTTPException(507, f"cannot keep the file: {error.strerror}") from None
            finally:
                if not taken:
                    path.unlink(missing_ok=True)
            return Accepted(call_id=call_id)

    return routes


def _room(length: int, desk: Desk) -> None:
    """Raises HTTPException 507 where the upload would take the disk from the live calls."""
    needed = 2 * length + desk.keep_free_bytes  # it is received, then kept
    for folder in (desk.store.folder, tempfile.gettempdir()):
        if shutil.disk_usage(folder).free < needed:
            raise HTTPException(507, "there is too little room on the disk for this recording")


def _channel(value: object) -> Literal[0, 1]:
    if value not in ("0", "1"):
        raise HTTPException(400, "agent_channel is 0 or 1")
    return cast(Literal[0, 1], int(value))


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and len(suffix) <= 6 else ""


def _save(file: UploadFile, path: Path) -> None:
    with path.open("xb") as target:
        shutil.copyfileobj(file.file, target)
