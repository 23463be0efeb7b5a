"""Settings from ``monitor.toml`` and the environment; units in names.

Order, first wins: arguments, environment (``MONITOR_SERVER__PORT=9000``), the
file named by ``MONITOR_CONFIG`` or else ``./monitor.toml``, the defaults below.
Every threshold of the core stands here once, with the reason for its value.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from monitor.events import EvidenceKind


class ConfigError(ValueError):
    """The settings cannot be used; the message names the key and the fix."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HearingSettings(Section):
    """Voice activity and the cross-talk gate. Figures: DESIGN section 6."""

    speech_on: float = Field(0.50, ge=0, le=1, description="Speech probability that starts speech")
    speech_off: float = Field(0.35, ge=0, le=1, description="… that ends it")
    min_speech_ms: int = 96
    turn_hangover_ms: int = Field(200, description="Silence that ends speech for turn-taking")
    utterance_hangover_ms: int = Field(
        550, description="Silence that ends an utterance for the words"
    )
    utterance_cut_after_s: float = Field(
        9.0, description="A longer utterance is cut at its quietest 200 ms"
    )
    utterance_cut_by_s: float = Field(12.0, description="… and at the latest here")
    noise_margin_db: float = Field(
        6.0, description="Speech stands at least so far above the noise floor"
    )
    leak_margin_db: float = Field(
        6.0, description="… and so far above the other party's expected echo"
    )
    leak_max_delay_ms: int = 400
    leak_correlation: float = 0.8
    mixed_gain_db: float = Field(-3.0, description="A louder 'echo' means one mixed channel")


class TurnSettings(Section):
    """Overlaps and what kind they are. Figures: DESIGN section 6."""

    holder_min_s: float = Field(
        1.0, description="The holder has spoken so long before an overlap counts"
    )
    ignore_below_s: float = Field(0.25, description="Both speak for less: no overlap")
    backchannel_max_s: float = Field(
        0.8, description="Who came in and stops so soon, while the other goes on, only listened"
    )
    terminal_within_s: float = Field(
        0.5, description="The other ends so soon: it was their last words"
    )
    provisional_by_s: float = Field(
        0.6, description="Both still speak: told as likely, to be confirmed or taken back"
    )
    final_by_s: float = Field(
        1.5, description="Both still speak: no pause before it excuses it any more"
    )
    talk_over_score: float = Field(2.0, description="Points from which it is talk-over")
    dead_air_s: float = 5.0


class PaceSettings(Section):
    window_s: float = Field(15.0, description="Speaking time over which a rate is taken")
    min_syllables: int = 5
    mismatch_ratio: float = Field(
        1.2, description="Agent at least so much faster than the customer"
    )
    mismatch_for_s: float = 10.0


class MoodSettings(Section):
    """The leaky sum of log-odds. Figures: DESIGN section 8."""

    decay: float = 0.9
    decay_per_s: float = 5.5
    ceiling: float = 8.0
    watch: float = 2.0
    alert: float = 3.0
    clear_below: float = 1.2
    clear_for_s: float = 20.0
    rise: float = Field(1.5, description="Rising: so much more than 30 s before")
    rise_over_s: float = 30.0
    start_s: float = Field(20.0, description="An alert this early is 'upset from the start'")
    evidence: list[EvidenceKind] = Field(
        ["voice", "words", "interaction"],
        description="Kinds that count. With fewer, to see what each brings, one kind may alert",
    )


class NudgeText(Section):
    """What the agent reads, in the team's own words or language."""

    title: str | None = Field(None, min_length=1, max_length=40)
    text: str | None = Field(None, min_length=1, max_length=90)
    reasons: dict[str, str] = Field({}, description="In place of those of REASONS in its file")


class NudgeSettings(Section):
    """The policy. DESIGN section 9."""

    enabled: list[str] | None = Field(None, description="null: every file in monitor/nudges")
    warm_up_s: float = 5.0
    min_gap_s: float = Field(20.0, description="At most one nudge in so long")
    max_per_call: int = 6
    cooldown_s: float = Field(60.0, description="Before the same nudge may open again")
    thresholds: dict[str, dict[str, float]] = Field(
        {}, description="Per nudge: overrides of the THRESHOLDS in its file"
    )
    texts: dict[str, NudgeText] = Field({}, description="Per nudge: another title, another text")
    hold_out: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Share of the nudges that are needed but, at random, not shown, so that "
        "their effect can be measured",
    )
    quiet: bool = Field(False, description="Nothing is shown; what was needed is still recorded")


class PolicySettings(Section):
    """Where the policy of the organisation, its teams and agents stands."""

    file: Path | None = Field(
        None, description="null: policy.toml where the monitor was started, if there is one"
    )


ListedWord = Annotated[str, StringConstraints(pattern=r"^[^,\n]*\w[^,\n]*$", max_length=60)]
"""A word or a few, with a letter, without the comma that parts them from the next."""


NUMBER_STYLE = r"^\(?[0-9#][0-9# ().\-/]*$"
NumberStyle = Annotated[str, StringConstraints(pattern=NUMBER_STYLE, max_length=40)]
"""Digits, or # for any, and what stands between them."""


class AsrSettings(Section):
    """Words."""

    engine: str = Field("faster_whisper", description="A file of monitor/engines")
    model: str = Field("tiny.en", description="A folder, or a name of models/manifest.toml")
    language: str | None = Field("en", description="null: detected once a call")
    words: list[ListedWord] = Field(
        [],
        max_length=100,
        description="Names and product words: written so where they were said (docs/words.md)",
    )
    number_styles: list[NumberStyle] = Field(
        [],
        max_length=20,
        description="How numbers are written, by example: `020 7946 0958` any of eleven digits, "
        "`07### ######` those that begin with 07. Shows only where `privacy.redact_digits` is off "
        "(docs/words.md)",
    )
    compute_type: str = "int8"
    device: str = "cpu"
    threads: int = Field(1, description="Threads of one decoding worker")
    workers: int = Field(2, description="Decoding workers; threads × workers ≈ cores")
    batch: int = Field(4, description="Most utterances decoded together")
    queue: int = Field(256, description="Most utterances waiting, of all calls")
    deadline_s: float = Field(20.0, description="An utterance not decoded by then is given up")
    partials: bool = Field(
        True, description="Live: show the customer's words while they speak, if there is room"
    )
    meaning: bool = Field(
        True, description="Hear what sentences mean, not only phrases (docs/meaning.md)"
    )
    virtual_lag_s: float = Field(
        1.0, description="Re-analysis: words arrive so long after the utterance"
    )
    offline: bool = Field(False, description="Never ask the hub")
    cache_dir: Path | None = None


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(8440, ge=0, le=65535, description="0: any free one")
    heartbeat_s: float = 2.0
    subscriber_queue: int = Field(
        512, description="Facts a slow client may be behind before resync"
    )
    max_calls: int = Field(
        64, description="More live calls are refused, not slowed; of recordings sent in, a quarter"
    )


class StoreSettings(Section):
    data_dir: Path = Field(
        default_factory=lambda: (
            Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser() / "call-monitor"
        )
    )
    record_audio: bool = True
    flush_s: float = Field(0.5, description="A killed process loses at most so much")
    keep_audio_days: int | None = Field(30, description="null: for ever")
    keep_words_days: int | None = 90
    keep_calls_days: int | None = 365


class PrivacySettings(Section):
    """The law is a feature. DESIGN section 12."""

    consent: Literal["assumed", "required"] = Field(
        "assumed", description="required: nothing is analysed or stored before consent is given"
    )
    redact_digits: bool = Field(
        True, description="Card numbers, codes and account numbers, before disk"
    )


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="MONITOR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    hearing: HearingSettings = HearingSettings()
    turns: TurnSettings = TurnSettings()
    pace: PaceSettings = PaceSettings()
    mood: MoodSettings = MoodSettings()
    nudges: NudgeSettings = NudgeSettings()
    policy: PolicySettings = PolicySettings()
    asr: AsrSettings = AsrSettings()
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    privacy: PrivacySettings = PrivacySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=_file()),
        )


def _file() -> Path:
    return Path(os.environ.get("MONITOR_CONFIG", "monitor.toml"))


def load(**overrides: Any) -> Settings:
    """Read the settings.

    Raises ConfigError, in one line a person can act on, for an unreadable
    file, an unknown key or a value out of range.
    """
    path = _file()
    if "MONITOR_CONFIG" in os.environ and not path.is_file():
        raise ConfigError(f"MONITOR_CONFIG names {path}, which is not a file")
    try:
        return Settings(**overrides)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except SettingsError as error:
        raise ConfigError(f"environment: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ConfigError(f"setting {key}: {first['msg']}{more}") from error


def markdown() -> str:
    """docs/settings.md: every setting, its default and what it means."""
    lines = [
        "# Settings",
        "",
        "Made from `monitor/config.py` by `python -m monitor.config`; a test keeps it so.",
        "Order, first wins: the command line, the environment, `monitor.toml`, these defaults.",
    ]
    for name, field in Settings.model_fields.items():
        section: type[Section] = type(field.default)
        lines += ["", f"## [{name}]", "", "| setting | default | |", "|---|---|---|"]
        for key, setting in section.model_fields.items():
            default = setting.get_default(call_default_factory=False)
            shown = "`~/.local/share/call-monitor`" if key == "data_dir" else _toml(default)
            lines.append(f"| `{key}` | {shown} | {setting.description or ''} |")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if value is None:
        return "none"
    return f"`{json.dumps(value)}`"


if __name__ == "__main__":
    sys.stdout.write(markdown())
