"""The live websocket: subscribe, snapshot, events, heartbeat; notes and commands back."""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter, HTTPException, WebSocket
from pydantic import ValidationError
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

from monitor.bus import Subscription
from monitor.events import (
    CLIENT_MESSAGE,
    Command,
    DismissNudge,
    Heartbeat,
    Problem,
    SendNote,
    Snooze,
    Subscribe,
)
from monitor.server.auth import Identity
from monitor.server.desk import Desk

MAX_MESSAGE_BYTES = 64 * 1024
MAX_PROBLEMS = 20
"""A client that sends so much garbage is not one of ours."""
BURST = 32
"""Messages sent before other connections get their turn."""
POLICY, TOO_BIG, TRY_AGAIN = 1008, 1009, 1013


class _Over(Exception):  # noqa: N818  (the end of a connection, not a fault)
    """The connection ends, with this close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Refusal(Exception):  # noqa: N818
    """The client's message cannot be used; the reason goes back to it."""


def router(desk: Desk) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/live")
    async def live(websocket: WebSocket) -> None:
        identity = await admit(websocket, desk)
        if identity is not None:
            await LiveConnection(websocket, desk, identity).run()

    return routes


async def admit(websocket: WebSocket, desk: Desk) -> Identity | None:
    """Accept the handshake of somebody known, or answer it with 401 or 403."""
    try:
        identity = desk.auth.identify(websocket)
    except HTTPException as error:
        denial = JSONResponse({"detail": error.detail}, error.status_code)
        await websocket.send_denial_response(denial)
        return None
    await websocket.accept()
    return identity


class LiveConnection:
    """One screen. Three tasks: what it says, what it follows, the heartbeat."""

    def __init__(self, websocket: WebSocket, desk: Desk, identity: Identity) -> None:
        self._websocket = websocket
        self._desk = desk
        self._identity = identity
        self._problems = 0
        self._subscription: Subscription | None = None
        self._follower: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._beat())
                await self._listen(tasks)
                raise _Over(1000, "")
        except* _Over as over:
            await self._close(over)
        finally:
            if self._subscription is not None:
                self._subscription.close()

    async def _listen(self, tasks: asyncio.TaskGroup) -> None:
        """Take messages until the client leaves."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if len(text if text is not None else message.get("bytes") or b"") > MAX_MESSAGE_BYTES:
                raise _Over(TOO_BIG, "messages are at most 64 KiB")
            try:
                if text is None:
                    raise _Refusal("messages are JSON text")
                await self._obey(text, tasks)
            except _Refusal as refusal:
                self._problems += 1
                if self._problems > MAX_PROBLEMS:
                    raise _Over(POLICY, "too many messages that cannot be used") from None
                await self._send(Problem(reason=str(refusal)).model_dump_json())

    async def _obey(self, text: str, tasks: asyncio.TaskGroup) -> None:
        try:
            message = CLIENT_MESSAGE.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise _Refusal(f"{where}: {first['msg']}" if where else first["msg"]) from None
        match message:
            case Subscribe():
                await self._subscribe(message, tasks)
            case SendNote():
                if not self._identity.supervises:
                    raise _Refusal("only supervisors send notes")
                self._command(message.call_id, Command(command="note", text=message.text))
            case DismissNudge():
                dismiss = Command(command="dismiss_nudge", text=message.id)
                self._command(message.call_id, dismiss)
            case Snooze():
                snooze = Command(command="snooze", for_s=message.for_s)
                self._command(message.call_id, snooze)

    async def _subscribe(self, wish: Subscribe, tasks: asyncio.TaskGroup) -> None:
        self._allow(wish)
        try:
            subscription = self._desk.bus.subscribe(
                call_id=wish.call_id,
                agent_id=wish.agent_id,
                floor=wish.floor,
                since=wish.since,
                private=not self._identity.supervises,
            )
        except ValueError as error:
            raise _Refusal(str(error)) from None
        if self._subscription is not None and self._follower is not None:
            self._subscription.close()
            self._follower.cancel()
            await asyncio.wait([self._follower])
        self._subscription = subscription
        self._follower = tasks.create_task(self._follow(subscription))

    def _allow(self, wish: Subscribe) -> None:
        identity = self._identity
        if wish.floor and not identity.supervises:
            raise _Refusal("the floor is for supervisors")
        if wish.agent_id is not None and not identity.may_see(wish.agent_id):
            raise _Refusal("agents follow their own calls only")
        if wish.call_id is not None:
            self._allow_call(wish.call_id)
            self._desk.store.log_access(identity.name, identity.role, "live", wish.call_id)

    def _allow_call(self, call_id: str) -> None:
        call = self._desk.bus.call(call_id)
        # The same answer for both: an agent learns nothing of others' calls.
        if call is None or not self._identity.may_see(call.started.agent.id):
            raise _Refusal("there is no such live call; an ended one is under /api/calls")

    def _command(self, call_id: str, command: Command) -> None:
        self._allow_call(call_id)
        by = self._identity.name or self._identity.role
        if not self._desk.command(call_id, command.model_copy(update={"by": by})):
            raise _Refusal("that call is no longer live")

    async def _follow(self, subscription: Subscription) -> None:
        """Send what is published. Ends the connection after a resync."""
        followed, sent = None, 0
        async for parcel in subscription:
            if subscription.agent_id is not None and subscription.following != followed:
                followed = subscription.following
                self._log_following(followed)
            await self._send(parcel.text)
            sent += 1
            if sent % BURST == 0:
                await asyncio.sleep(0)
        if subscription is self._subscription:
            raise _Over(TRY_AGAIN, "fell behind; come back with since")

    def _log_following(self, call_id: str | None) -> None:
        if call_id is not None:
            identity = self._identity
            self._desk.store.log_access(identity.name, identity.role, "live", call_id)

    async def _beat(self) -> None:
        while True:
            if time.time() >= self._identity.until_s:
                raise _Over(POLICY, "this link is no longer valid; ask for a new one")
            queues = self._desk.queues()
            beat = Heartbeat(
                live_calls=len(self._desk.bus.live_calls()),
                lag_s=round(self._desk.lag.lag_s, 4),
                words_waiting=queues.words,
                words_wait_s=queues.speech_to_text.oldest_wait_s,
                words_load=queues.speech_to_text.utilisation,
            )
            await self._send(beat.model_dump_json())
            await asyncio.sleep(self._desk.settings.server.heartbeat_s)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._desk.send_deadline_s):
                await self._websocket.send_text(text)
        except TimeoutError:
            raise _Over(TRY_AGAIN, "the client takes nothing") from None
        except (WebSocketDisconnect, RuntimeError):
            raise _Over(1000, "the client has left") from None

    async def _close(self, over: BaseExceptionGroup[_Over]) -> None:
        first = over.exceptions[0]
        code, reason = (first.code, first.reason) if isinstance(first, _Over) else (1011, "")
        try:
            # A client that takes nothing takes no close frame either: see protocol.py.
            async with asyncio.timeout(1.0):
                await self._websocket.close(code, reason)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return
