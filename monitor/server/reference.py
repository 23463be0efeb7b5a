"""The REST interface as a page: no script, nothing fetched from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Call monitor: API</title>
<style>body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}
h2{font:600 1rem ui-monospace,monospace;margin-top:2rem}td,th{text-align:left;
padding:.1rem 1rem .1rem 0;vertical-align:top}</style><h1>Call monitor: API</h1>
<p>For machines: <a href="/api/openapi.json">openapi.json</a>. Messages of the websocket
<code>/live</code>: <a href="/api/schema">JSON Schema</a>. Audio comes in at the websocket
<code>/ingest/pcm</code>. All but <code>/api/health</code> and <code>/api/schema</code> want
the header <code>Authorization: Bearer TOKEN</code>, or the cookie of an opened link.</p>"""


def router(app: FastAPI) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/api/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()))

    return routes


def page(openapi: dict[str, Any]) -> str:
    """Every operation of an OpenAPI document as HTML."""
    parts = [_HEAD]
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            parts.append(f"<h2>{escape(method.upper())} {escape(path)}</h2>")
            parts.append(f"<p>{escape(operation.get('description', operation['summary']))}</p>")
            rows = [
                f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter['in'])}"
                f"<td>{escape(parameter.get('description', ''))}"
                for parameter in operation.get("parameters", [])
            ]
            parts += ["<table>", *rows, "</table>"] if rows else []
    return "\n".join(parts)
