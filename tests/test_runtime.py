"""What all calls share: the phrases of their language, and settings that cannot be used."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import monitor.runtime
from monitor.call import NO_PHRASES, Call
from monitor.config import AsrSettings, ConfigError, Settings
from monitor.encoder import FILES
from monitor.engines import Decoded, EngineError
from monitor.events import CallStarted, Meant, Party, Transcript, Trouble
from monitor.hearing import Hearing
from monitor.house import open_house
from monitor.phrases import Phrases
from monitor.reader import Reader
from monitor.registry import UnknownName
from monitor.resources import resource
from monitor.runtime import Runtime, meaning_of, phrases_of
from monitor.weights import ENCODER_MISSING, Manifest, WeightsError, find_encoder
from tests.dialogue import HURT, HURT_SAID, line, of, play
from tests.scores import heard
from tests.sessions import (
    Kept,
    KnowingEngine,
    ScoreEar,
    Script,
    audible,
    chunked,
    hearing,
    said,
    session,
    transcribing,
)

needs_encoder = pytest.mark.skipif(find_encoder(AsrSettings()) is None, reason=ENCODER_MISSING)

GERMAN = """
language = "de"
[family.escalation_request]
party = "customer"
weight = 3.0
phrases = ["ihren (chef | vorgesetzten)"]
"""


class Hears:
    """An engine that hears one language in everything, unless it is told one."""

    name = "fake"
    model = "fake"

    def __init__(self, language: str) -> None:
        self.language = language

    def transcribe(
        self, clips: Sequence[NDArray[np.float32]], *, language: str | None, word_times: bool
    ) -> list[Decoded]:
        return [Decoded("so", confidence=0.9, language=language or self.language)] * len(clips)


# ---- phrases -----------------------------------------------------------------------------


def test_each_language_has_its_own_phrases(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text(GERMAN)
    assert [f.name for f in phrases_of("de", tmp_path).families] == ["escalation_request"]
    assert phrases_of("en").language == phrases_of(None).language == "en"
    assert len(phrases_of("en").families) > 10


@pytest.mark.parametrize("language", ["fr", "../phrases/de", "DE", ""])
def test_a_language_without_a_file_has_none(tmp_path: Path, language: str) -> None:
    (tmp_path / "de.toml").write_text(GERMAN)
    assert phrases_of(language, tmp_path).families == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GERMAN.replace("[family", "[family]["), "de.toml: not valid TOML"),
        (GERMAN.replace("(chef", "chef"), "de.toml: family escalation_request"),
        (GERMAN.replace('"de"', '"en"'), 'de.toml: language = "de" is missing'),
        ("\udcff", "de.toml: "),
    ],
)
def test_phrases_that_cannot_be_used_name_their_file(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "de.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match=complaint):
        phrases_of("de", tmp_path)


def told(language: str | None, phrases: str | None = "en") -> list[Any]:
    """A call with frustration in its words, whose transcripts are in that language."""
    started = CallStarted(call_id="c1", started_at="", source="score", words="base")
    one = Call(started, Settings(), phrases_of(phrases))
    said = [(at, tr.model_copy(update={"language": language})) for at, tr in HURT_SAID]
    return play(one, heard(*HURT), said)


def test_phrases_are_for_calls_in_their_language_and_for_those_not_known_yet() -> None:
    for language in ("en", None):
        events = told(language)
        assert len(of(events, "cue")) >= 3
        assert [n.nudge for n in of(events, "nudge.opened")].count("acknowledge_first") == 1
        assert of(events, "report")[0].limits == []


@pytest.mark.parametrize("phrases", ["fr", "en"])
def test_without_phrases_words_are_shown_the_screens_say_so_and_no_nudge_waits_for_them(
    phrases: str,
) -> None:
    """A nudge that asks for an acknowledgement could never see one."""
    events = told("fr", phrases)
    limit = NO_PHRASES.format("fr")
    assert len(of(events, "words")) == len(HURT_SAID)
    assert of(events, "cue") == []
    assert not any(n.nudge == "acknowledge_first" for n in of(events, "nudge.opened"))
    assert of(events, "report")[0].limits == [limit]
    if phrases == "fr":
        assert of(events, "call.started")[0].limits == [limit]
        assert of(events, "degraded") == []
    else:  # found out with the first words of the call
        assert of(events, "call.started")[0].limits == []
        assert [(d.part, d.active, d.reason) for d in of(events, "degraded")] == [
            ("words", True, limit)
        ]


def test_words_that_are_back_are_still_in_another_language() -> None:
    one = Call(
        CallStarted(call_id="c1", started_at="", source="score", words="base"),
        Settings(),
        phrases_of("fr"),
    )
    one.receive(Trouble(part="words", active=True, reason="behind"))
    one.receive(Trouble(part="words", active=False, reason="words are back"))
    reasons = [d.reason for d in of(one.events(), "degraded") if d.active]
    assert reasons == ["behind", NO_PHRASES.format("fr")]


async def test_a_runtime_has_the_phrases_of_its_settings() -> None:
    asr = AsrSettings(language="fr")
    runtime = await Runtime.start(Settings(asr=asr), make_engine=lambda _: Hears("fr"))
    try:
        kept = Kept()
        source = Script(chunked(audible(heard("", "=" * 20)), 8000))
        await runtime.session(source, kept, recorded=True).run()
    finally:
        await runtime.close()
    assert kept.of("call.started")[0].limits == [NO_PHRASES.format("fr")]


async def test_the_language_of_a_call_that_is_found_out_reaches_its_words() -> None:
    """Its first clear utterance of 2 s settles it, for the shorter ones behind it too."""
    rows = heard("", line((1, "."), (1, "="), (2, "."), (3, "="), (2, "."), (1, "="), (2, ".")))
    kept = Kept()
    async with hearing() as ears, transcribing(Hears("de"), language=None) as transcriber:
        source = Script(chunked(audible(rows), 8000))
        await session(source, kept, ears, transcriber, recorded=True).run()
    transcripts = [item for _, item in kept.inputs if isinstance(item, Transcript)]
    assert [tr.language for tr in transcripts] == [None, "de", "de"]
    assert kept.of("report")[0].limits == [NO_PHRASES.format("de")]


# ---- settings that cannot be used ----------------------------------------------------------


@pytest.mark.parametrize(
    ("asr", "error", "complaint"),
    [
        ({"model": "nonsense"}, WeightsError, "'nonsense' is neither a folder nor one of"),
        ({"model": "tiny.em"}, WeightsError, r"did you mean tiny\.en\?"),
        ({"engine": "nonsense"}, UnknownName, "faster_whisper"),
        ({"model": ".", "engine": "faster_whisper"}, WeightsError, "it has no config.json"),
        pytest.param({"language": "fr"}, EngineError, "only English", marks=pytest.mark.weights),
    ],
    ids=["model", "slip", "engine", "folder", "language"],
)
async def test_what_cannot_be_used_is_said_before_the_port_opens(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asr: dict[str, Any],
    error: type[Exception],
    complaint: str,
) -> None:
    """The port is somebody else's: whoever got as far as that would complain of it."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings.model_validate(
            {
                "asr": {"offline": True, **asr},
                "server": {"port": taken.getsockname()[1]},
                "store": {"data_dir": tmp_path / "data"},
            }
        )
        with pytest.raises(error, match=complaint):
            async with open_house(settings):
                raise AssertionError("it opened")


async def test_nothing_goes_on_loading_when_a_start_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that exits while a thread loads a library is aborted, and its message lost."""
    raised = threading.Event()
    told: list[str] = []

    class SlowHearing:
        async def start(self) -> None:
            await asyncio.to_thread(raised.wait, 10)
            told.append("loaded")

        async def close(self) -> None:
            told.append("closed")

    def make(settings: AsrSettings) -> Hears:
        raised.set()
        raise EngineError("no memory")

    monkeypatch.setattr(monitor.runtime, "Hearing", SlowHearing)
    with pytest.raises(EngineError, match="no memory"):
        await Runtime.start(Settings(), make_engine=make)
    assert told == ["loaded", "closed"]


# ---- what sentences mean -------------------------------------------------------------------

BOSS = "Fetch me whoever runs this department."
"""No phrase of ours."""


def score_ears() -> Hearing:
    return Hearing(ScoreEar, tick_s=0.0005)


async def asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A recording, as everything loaded hears it, in which a customer says ``BOSS``."""
    monkeypatch.setattr(monitor.runtime, "Hearing", score_ears)
    spoken = said(("customer", 1, 4, BOSS))
    rows = heard("", line((1, "."), (3, "="), (2, ".")))
    runtime = await Runtime.start(settings, make_engine=lambda _: KnowingEngine(spoken))
    kept = Kept()
    try:
        source = Script(chunked(audible(rows), 8000))
        await runtime.session(source, kept, recorded=True).run()
    finally:
        await runtime.close()
    assert [words.text for words in kept.of("words")] == [BOSS]
    return kept


@needs_encoder
async def test_calls_hear_what_sentences_mean(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = await asked(Settings(), monkeypatch)
    (cue,) = [cue for cue in kept.of("cue") if cue.family == "escalation_request"]
    assert (cue.by, cue.text) == ("meaning", BOSS.rstrip("."))
    assert 1.5 <= cue.weight < 3.0
    assert warnings(caplog) == []


async def test_switched_off_only_phrases_are_heard_and_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = await asked(Settings(asr=AsrSettings(meaning=False)), monkeypatch)
    assert kept.of("cue") == []
    assert warnings(caplog) == []


async def test_not_installed_only_phrases_are_heard_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(monitor.runtime, "find_encoder", lambda settings: None)
    kept = await asked(Settings(), monkeypatch)
    assert kept.of("cue") == []
    (warning,) = warnings(caplog)
    assert warning.levelname == "WARNING"
    assert ENCODER_MISSING in warning.getMessage()
    assert [tr.meant for _, tr in kept.inputs if isinstance(tr, Transcript)] == [None]


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "monitor.runtime"]


def test_a_language_that_nothing_was_learned_for_has_no_reader() -> None:
    assert meaning_of(AsrSettings(language="fr")) is None


@needs_encoder
def test_calls_whose_language_is_found_out_are_read_in_case_it_is_the_usual() -> None:
    for language in ("en", None):
        assert meaning_of(AsrSettings(language=language)) is not None


@needs_encoder
async def test_a_family_by_meaning_that_was_never_learned_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its phrases would never count."""
    text = """language = "en"
    [family.parrots]
    party = "customer"
    by_meaning = true
    phrases = ["my parrot"]
    """
    monkeypatch.setattr("monitor.runtime.phrases_of", lambda language: Phrases.parse(text))
    with pytest.raises(ConfigError, match=r"by_meaning of parrots.*of the customer"):
        await Runtime.start(Settings(), make_engine=lambda _: Hears("en"))


@pytest.mark.weights
async def test_a_text_encoder_that_is_not_the_published_one_is_refused_before_the_port_opens(
    tmp_path: Path,
) -> None:
    (name,) = Manifest.load(resource("models") / "manifest.toml").encoders
    folder = tmp_path / "cache" / name
    folder.mkdir(parents=True)
    for file in FILES:
        (folder / file).write_bytes(b"{}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings.model_validate(
            {
                "asr": {"offline": True, "cache_dir": tmp_path / "cache"},
                "server": {"port": taken.getsockname()[1]},
                "store": {"data_dir": tmp_path / "data"},
            }
        )
        with pytest.raises(WeightsError, match=rf"{name}/\S+ is not the published file.*delete"):
            async with open_house(settings):
                raise AssertionError("it opened")


async def test_a_call_of_a_runtime_that_was_closed_in_the_middle_of_it_still_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The house closes calls first; who forgets to gets the words without what they mean."""
    one = Reader(Quiet())  # type: ignore[arg-type]
    one.close()
    spoken = said(("customer", 1, 4, BOSS))
    rows = heard("", line((1, "."), (3, "="), (2, ".")))
    kept = Kept()
    async with hearing() as ears, transcribing(KnowingEngine(spoken)) as transcriber:
        source = Script(chunked(audible(rows), 8000))
        await session(source, kept, ears, transcriber, recorded=True, reader=one).run()
    assert [words.text for words in kept.of("words")] == [BOSS]
    assert kept.of("call.ended")[0].reason == "completed"


class Quiet:
    """Means nothing."""

    language = "en"

    def read(self, text: str, party: Party) -> list[Meant]:
        return []
