"""Trials of live calls as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from rich.table import Table

from monitor.bench.figures import Spread, shown, table
from monitor.bench.live import Trial

PROCESSOR = {
    "loop": "event loop",
    "engine": "inside CTranslate2",
    "features": "features and text around it",
    "ear": "the ear",
    "meaning": "what sentences mean",
    "disk": "the disk",
    "rest": "the rest",
}
"""What the parts of the processor time are called, in the order of ``processes.PARTS``."""

LOSSES = "finals late / given up"
PARTIALS = "partials decoded / refused / shed"
SHARE = "CTranslate2's part of all"
ABOUT_WORDS = {
    *(LOSSES, PARTIALS, SHARE),
    *(f"… {PROCESSOR[part]}" for part in ("engine", "features", "meaning")),
}


def of_trials(trials: Sequence[Trial]) -> Table:
    """A row for each figure, a column for each trial."""
    made = table("Live calls", "p50 / p95 / p99", *(f"{trial.calls} calls" for trial in trials))

    def spreads(name: str, of: str, unit: float, form: str) -> None:
        made.add_row(name, *(_three(attrgetter(of)(trial), unit, form) for trial in trials))

    words = any(trial.words for trial in trials)
    if words:
        spreads("utterance end → words, s", "words_s", 1, "{:.2f}")
        spreads("… utterance cut, s", "cut_words_s", 1, "{:.2f}")
    spreads("overlap of 0.6 s → talk-over, s", "talk_over_s", 1, "{:.2f}")
    spreads("… once the rule is certain, s", "told_s", 1, "{:.2f}")
    spreads("… → let them finish, s", "nudge_s", 1, "{:.2f}")
    spreads("any fact, from its audio, s", "facts_s", 1, "{:.2f}")
    if words:
        spreads("utterances that wait", "queue.depth", 1, "{:.0f}")
        spreads("oldest wait, s", "queue.oldest_wait_s", 1, "{:.2f}")
        spreads("decoding threads in use", "queue.used", 1, "{:.0%}")
    spreads("event loop late, at most, ms", "loop_lag_s", 1e3, "{:g}")
    spreads("ping, ms", "ping_s", 1e3, "{:.1f}")
    spreads("feeder late, ms", "feeder_late_s", 1e3, "{:.1f}")
    made.add_row("", *("" for _ in trials))
    single: list[tuple[str, list[str]]] = [
        ("words / talk-overs / nudges", [_counts(trial) for trial in trials]),
        (LOSSES, [_losses(trial) for trial in trials]),
        (PARTIALS, [_partials(trial) for trial in trials]),
        ("monitor, cores", [shown(trial.server_cores) for trial in trials]),
        *(
            (f"… {told}", [shown(trial.server_parts.get(part)) for trial in trials])
            for part, told in PROCESSOR.items()
        ),
        (SHARE, [shown(trial.engine_share, "{:.0%}") for trial in trials]),
        ("loop waiting for a core", [shown(trial.server_loop_wait, "{:.0%}") for trial in trials]),
        ("this process, cores", [shown(trial.feeder_cores) for trial in trials]),
        ("memory when ready, MB", [shown(trial.ready_mb, "{:.0f}") for trial in trials]),
        ("memory at most, MB", [shown(trial.peak_mb, "{:.0f}") for trial in trials]),
        ("each call, MB", [shown(trial.mb_per_call, "{:.1f}") for trial in trials]),
        ("start to ready, s", [shown(trial.start_s, "{:.1f}") for trial in trials]),
    ]
    for name, values in single:
        if words or name not in ABOUT_WORDS:
            made.add_row(name, *values)
    return made


def _three(spread: Spread, unit: float, form: str) -> str:
    values = (spread.p50, spread.p95, spread.p99)
    return " / ".join(shown(None if v is None else v * unit, form) for v in values)


def _losses(trial: Trial) -> str:
    return f"{trial.queue.late} / {trial.queue.given_up}"


def _partials(trial: Trial) -> str:
    queue = trial.queue
    lost = sum(map(_of_partials, (queue.shed, queue.expired, queue.failed)))
    return f"{_of_partials(queue.decoded)} / {_of_partials(queue.refused)} / {lost}"


def _of_partials(counts: Mapping[str, int]) -> int:
    return sum(count for kind, count in counts.items() if kind != "final")


def _counts(trial: Trial) -> str:
    return f"{trial.words_s.n} / {trial.talk_over_s.n} / {trial.nudge_s.n}"
