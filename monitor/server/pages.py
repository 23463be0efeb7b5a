"""The screens, as built by the dashboard; and the headers that fence them in."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.server.auth import COOKIE, TOKEN_FOR_S, AuthError
from monitor.server.desk import Desk

SCREENS = ("/", "/agent", "/floor", "/replay", "/replay/{call_id}")

# Style attributes are set by the plotting libraries; nothing else is inline, nothing foreign.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>Call monitor</title>
<body><h1>The screens are not built</h1>
<p>The monitor itself runs: its interface is described at <a href="/api/docs">/api/docs</a>.</p>
<p>To build the screens, run in the source tree:</p>
<pre>cd dashboard &amp;&amp; npm ci &amp;&amp; npm run build</pre>
<p>An installed package always has them; then install it again.</p></body></html>"""


class SecurityHeaders:
    """Adds the headers to every answer; nothing under /api is kept by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def fenced(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, fenced)


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    folder = desk.dashboard
    index = None if folder is None else folder / "index.html"

    async def screen(request: Request) -> Response:
        token = request.query_params.get("token")
        if token is not None:
            return _let_in(request, desk, token)
        if index is None or not index.is_file():
            return HTMLResponse(NOT_BUILT, 503)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    for path in SCREENS:
        routes.add_api_route(path, screen, methods=["GET"])

    @routes.get("/{path:path}")
    async def asset(path: str) -> FileResponse:
        file = None if folder is None else _inside(folder, path)
        if file is None:
            raise HTTPException(404, "there is nothing here")
        # Built assets carry a hash in their name.
        cached = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return FileResponse(file, headers={"Cache-Control": cached})

    return routes


def _let_in(request: Request, desk: Desk, token: str) -> Response:
    """Move the token from the address bar into a cookie; the same screen without it."""
    try:
        desk.auth.identity(token)
    except AuthError as error:
        raise HTTPException(401, str(error)) from None
    rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
    where = request.url.path + (f"?{urlencode(rest)}" if rest else "")
    response = RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(TOKEN_FOR_S),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def _inside(folder: Path, path: str) -> Path | None:
    """The file, only if it really lies in the folder."""
    file = (folder / path).resolve()
    return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
