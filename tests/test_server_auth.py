from pathlib import Path

import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.events import Person
from monitor.server.auth import COOKIE, Auth, AuthError
from tests.serving import ANNA, BEN, ended, stage, started


def test_a_token_says_who_it_is() -> None:
    auth = Auth(b"s" * 32)
    identity = auth.identity(auth.token("agent", ANNA))
    assert (identity.role, identity.id, identity.name) == ("agent", "anna", "Anna")
    assert identity.may_see("anna")
    assert not identity.may_see("ben")
    assert not identity.may_see("")
    assert auth.identity(auth.token("supervisor")).may_see("ben")


def test_an_agent_without_an_id_sees_no_calls() -> None:
    auth = Auth(b"s" * 32)
    assert not auth.identity(auth.token("agent", Person(name="?"))).may_see("")


def test_forged_old_and_foreign_tokens_are_refused() -> None:
    auth = Auth(b"s" * 32)
    with pytest.raises(AuthError, match="not valid"):
        auth.identity(Auth(b"t" * 32).token("admin"))
    with pytest.raises(AuthError, match="no longer"):
        auth.identity(auth.token("admin", for_s=-1))
    unsigned = jwt.encode({"role": "admin", "aud": "call-monitor", "exp": 2**40}, "", "none")
    with pytest.raises(AuthError, match="not valid"):
        auth.identity(unsigned)
    for_ever = jwt.encode({"role": "admin", "aud": "call-monitor"}, b"s" * 32, "HS256")
    with pytest.raises(AuthError, match="not valid"):
        auth.identity(for_ever)
    king = {"role": "king", "aud": "call-monitor", "exp": 2**40}
    with pytest.raises(AuthError, match="role"):
        auth.identity(jwt.encode(king, b"s" * 32, "HS256"))


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    token = Auth.load(tmp_path / "new").token("admin")
    assert Auth.load(tmp_path / "new").identity(token).role == "admin"
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["secret"]


async def test_opening_a_link_moves_the_token_into_a_cookie(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        response = await client.get(s.server.link("agent", ANNA, path="/agent"))
        assert (response.status_code, response.headers["location"]) == (303, "/agent")
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        me = await client.get("/api/me")
        assert me.json() == {
            "role": "agent",
            "name": "Anna",
            "agent": {"id": "anna", "name": "Anna"},
            "mood_lines": {"watch": 2.0, "alert": 3.0, "most": 8.0},
            "consent_required": False,
        }
        bad = await client.get("/?token=nonsense")
        assert bad.status_code == 401
        assert "ask for a new one" in bad.json()["detail"]


async def test_without_a_token_there_is_nothing_but_health_and_schema(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        paths = ["me", "calls", "calls/c1", "calls/c1/audio", "calls/c1/peaks", "calls/c1/access"]
        for path in paths:
            assert (await client.get(f"/api/{path}")).status_code == 401, path
        assert (await client.delete("/api/calls/c1")).status_code == 401
        assert (await client.post("/api/recordings")).status_code == 401
        assert (await client.get("/api/health")).status_code == 200
        assert (await client.get("/api/schema")).status_code == 200
        for path in ("/live", "/ingest/pcm"):
            with pytest.raises(InvalidStatus) as refused:
                await s.socket(path, role=None)
            assert refused.value.response.status_code == 401
            assert b"detail" in refused.value.response.body


async def test_pages_of_other_sites_cannot_use_the_cookie(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client(None) as client:
        cookies = {"Cookie": f"{COOKIE}={s.token()}"}
        evil = {**cookies, "Origin": "http://evil.example"}
        own = {**cookies, "Origin": f"http://{s.host}"}
        assert (await client.get("/api/me", headers=cookies)).status_code == 200
        assert (await client.delete("/api/calls/c1", headers=evil)).status_code == 403
        assert (await client.delete("/api/calls/c1", headers=own)).status_code == 404
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{s.host}/live", additional_headers=evil)
        assert refused.value.response.status_code == 403
        async with connect(f"ws://{s.host}/live", additional_headers=own):
            pass


async def test_agents_see_their_own_calls_only(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        for call_id, agent in (("c1", ANNA), ("c2", BEN)):
            s.emit(started(call_id, agent))
            s.emit(ended(2, call_id))
        s.store.flush()
        async with s.client("agent", ANNA) as anna, s.client("supervisor") as sue:
            assert [c["call_id"] for c in (await anna.get("/api/calls")).json()] == ["c1"]
            assert len((await sue.get("/api/calls")).json()) == 2
            assert (await anna.get("/api/calls/c1")).status_code == 200
            for path in ("", "/audio", "/peaks", "/access"):
                foreign = await anna.get(f"/api/calls/c2{path}")
                nothing = await anna.get(f"/api/calls/none{path}")
                assert (foreign.status_code, foreign.json()) == (404, nothing.json())
            assert (await anna.delete("/api/calls/c1")).status_code == 403
            assert (await anna.post("/api/recordings")).status_code == 403


async def test_nobodys_calls_are_not_those_of_an_agent_without_an_id(tmp_path: Path) -> None:
    async with stage(tmp_path) as s, s.client("agent", Person(name="Nobody")) as nobody:
        s.emit(started("c1", Person()))
        s.store.flush()
        assert (await nobody.get("/api/calls")).json() == []
        assert (await nobody.get("/api/calls/c1")).status_code == 404
