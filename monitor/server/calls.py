"""Calls that were, and that go on: list, words, audio, who looked."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from monitor.call import NO_PHRASES
from monitor.events import CallEvent, Person, json_schema
from monitor.schema import Access, CallSummary
from monitor.server.auth import Identity, Role
from monitor.server.desk import Desk, Queues
from monitor.server.lag import Lateness
from monitor.store import StoreBusyError, StoreError

FLUSH_WITHIN_S = 5.0


class MoodLines(BaseModel):
    """Where the bands of the mood lie, in its own unit from 0 to ``most``."""

    watch: float
    alert: float
    most: float


class Me(BaseModel):
    """Who asks, and what the settings mean for their screens."""

    role: Role
    name: str
    agent: Person | None
    mood_lines: MoodLines
    consent_required: bool


class CallDetail(BaseModel):
    call: CallSummary
    events: list[CallEvent]


class Peaks(BaseModel):
    per_s: int
    agent: list[float]
    customer: list[float]


class Health(BaseModel):
    """``words``: "degraded" while speech-to-text fails a call, or cannot be believed; that the
    language of a call has no phrases is a limit of the call and no trouble.

    ``lag_s`` is the worst of the last 2 s, ``loop`` counts every look since the start;
    ``slowest_screen`` is how many messages wait for it.
    """

    live_calls: int
    words: str
    lag_s: float
    loop: Lateness
    queues: Queues
    slowest_screen: int


class AsAnnounced(FileResponse):
    """A file that may grow while it is sent: no more than the length that was announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = 0
        over = False

        async def bounded(message: Message) -> None:
            nonlocal left, over
            if message["type"] == "http.response.start":
                left = int(Headers(raw=message["headers"]).get("content-length", "0"))
            elif message["type"] == "http.response.body":
                if over:
                    return
                body = message.get("body", b"")[:left]
                left -= len(body)
                over = not left or not message.get("more_body", False)
                message = {**message, "body": body, "more_body": not over}
            await send(message)

        await super().__call__(scope, receive, bounded)


def router(desk: Desk) -> APIRouter:
    """Everything under /api that reads; DELETE too. Plain functions: they run in threads."""
    routes = APIRouter(prefix="/api")
    store = desk.store

    def identify(connection: HTTPConnection) -> Identity:
        return desk.auth.identify(connection)

    # Evaluated where it stands: this file does without postponed annotations.
    Asking = Annotated[Identity, Depends(identify)]  # noqa: N806

    def seen(call_id: str, identity: Identity) -> CallSummary:
        """The call, if it exists for this person: a foreign one does not."""
        summary = store.call(call_id)
        if summary is None:
            # It may have begun this moment: whoever sends a recording asks for it at once.
            with suppress(TimeoutError):
                store.flush(FLUSH_WITHIN_S)
            summary = store.call(call_id)
        if summary is None or not identity.may_see(summary.agent.id):
            raise HTTPException(404, "there is no such call")
        return summary

    def looked(identity: Identity, what: str, call_id: str) -> None:
        store.log_access(identity.name, identity.role, what, call_id)

    @routes.get("/me")
    def me(identity: Asking) -> Me:
        agent = Person(id=identity.id, name=identity.name) if identity.id else None
        mood = desk.settings.mood
        return Me(
            role=identity.role,
            name=identity.name,
            agent=agent,
            mood_lines=MoodLines(watch=mood.watch, alert=mood.alert, most=mood.ceiling),
            consent_required=desk.settings.privacy.consent == "required",
        )

    @routes.get("/health")
    async def health() -> Health:
        """Needs no token."""
        live = [desk.bus.call(started.call_id) for started in desk.bus.live_calls()]
        troubled = any(_words_fail(call.degraded) for call in live if call is not None)
        words = "degraded" if troubled else "ok"
        return Health(
            live_calls=len(live),
            words=words,
            lag_s=round(desk.lag.lag_s, 4),
            loop=desk.lag.lateness,
            queues=desk.queues(),
            slowest_screen=desk.bus.furthest_behind,
        )

    @routes.get("/schema")
    async def schema() -> dict[str, Any]:
        """JSON Schema of everything on the live websocket."""
        return json_schema()

    @routes.get("/calls")
    def calls(
        identity: Asking,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: Annotated[str | None, Query(description="Last call id of the page before")] = None,
        live: bool | None = None,
    ) -> list[CallSummary]:
        """Newest first. Agents get their own."""
        if identity.supervises:
            return store.calls(limit, before, live)
        # Nobody's calls are not those of an agent without an id.
        return store.calls(limit, before, live, identity.id) if identity.id else []

    @routes.get("/calls/{call_id}", response_model=CallDetail)
    def call(call_id: str, identity: Asking) -> Response:
        """The call and its events, words among them. Written to the access log. What is for the
        agent only, nobody else gets."""
        summary = seen(call_id, identity)
        looked(identity, "words", call_id)
        texts = store.event_texts(call_id)
        events = ",".join(filter(_is_shared, texts) if identity.supervises else texts)
        body = f'{{"call":{summary.model_dump_json()},"events":[{events}]}}'
        return Response(body, media_type="application/json")

    @routes.get("/calls/{call_id}/audio", response_class=FileResponse)
    def audio(call_id: str, identity: Asking) -> FileResponse:
        """Stereo, agent left: FLAC once ended, WAV so far while live. Takes ranges."""
        seen(call_id, identity)
        path = store.recordings.path(call_id)
        if path is None:
            raise HTTPException(404, "this call has no recording")
        looked(identity, "audio", call_id)
        return AsAnnounced(path, media_type=f"audio/{path.suffix[1:]}")

    @routes.get("/calls/{call_id}/peaks")
    def peaks(
        call_id: str, identity: Asking, per_s: Annotated[int, Query(ge=1, le=200)] = 20
    ) -> Peaks:
        """The wave form: largest magnitude of each 1/per_s second, 0 to 1."""
        seen(call_id, identity)
        try:
            both = store.recordings.peaks(call_id, per_s).round(3).tolist()
        except FileNotFoundError:
            raise HTTPException(404, "this call has no recording") from None
        return Peaks(per_s=per_s, agent=both[0], customer=both[1])

    @routes.get("/calls/{call_id}/access")
    def access(call_id: str, identity: Asking) -> list[Access]:
        """Who looked at it; the agent may know."""
        seen(call_id, identity)
        return store.access(call_id)

    @routes.delete("/calls/{call_id}", status_code=204)
    async def delete(call_id: str, identity: Asking) -> None:
        """Remove rows and files. Supervisors only, ended calls only."""
        await run_in_threadpool(remove, call_id, identity)
        desk.bus.drop(call_id)  # it would linger for those who come back to a live call

    def remove(call_id: str, identity: Identity) -> None:
        seen(call_id, identity)
        if not identity.supervises:
            raise HTTPException(403, "only supervisors delete calls")
        try:
            store.delete(call_id)
        except StoreBusyError as error:
            raise HTTPException(503, str(error)) from None
        except StoreError as error:
            raise HTTPException(409, str(error)) from None
        looked(identity, "deleted", call_id)

    return routes


def _words_fail(degraded: Mapping[str, str]) -> bool:
    """Whether what a call has less of is its words, and not only the phrases of its language."""
    reason = degraded.get("words")
    return reason is not None and not reason.startswith(NO_PHRASES.partition("{")[0])


def _is_shared(text: str) -> bool:
    """Whether an event, as JSON, is not for the agent only."""
    return '"private"' not in text or not json.loads(text).get("private", False)
