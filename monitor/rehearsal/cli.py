"""monitor policy, monitor whatif: a policy tried before it goes live."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from monitor import __version__
from monitor.analysis import check_outputs, writing
from monitor.bench.figures import save, table
from monitor.config import ConfigError, Settings, load
from monitor.playbook import USUAL, Playbook
from monitor.policy import Policy
from monitor.rehearsal import RehearsalError, cases, page, past, whatif
from monitor.rehearsal.whatif import Difference, PastCall
from monitor.resources import resource
from monitor.runtime import Runtime, meaning_of, phrases_of
from monitor.score import annotated
from monitor.score.reference import SUFFIX, Reference
from monitor.sources import Source
from monitor.sources.wav import WavSource
from monitor.store import Store
from monitor.terminal import clock, progress

app = typer.Typer(
    help="The nudge policy: organisation, teams, agents (docs/policy.md).",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
err = Console(stderr=True)
LAST_CALLS = 20

PolicyArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[POLICY.toml]", help="Default: the one of the settings."),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="The policy.toml to try. Default: that in force.")
]


def playbook(settings: Settings, path: Path | None) -> Playbook:
    """The policy of a file, or that of the settings; what each agent would get is built once,
    so that what cannot be used is found here. Raises ConfigError."""
    book = Playbook.load(settings.nudges, path) if path is not None else Playbook.of(settings)
    for agent_id in ("", *book.agents):
        Policy(book.in_force(agent_id).nudges)
    return book


@app.command("check")
def check(file: PolicyArgument = None) -> None:
    """Read a policy and say what holds for whom.

    \b
    monitor policy check
    monitor policy check policy.toml

    Exit status: 0, or 2 and one line that says where it is wrong.
    """
    settings = load()
    book = playbook(settings, file)
    named = file or settings.policy.file or (USUAL if USUAL.is_file() else None)
    out = Console()
    out.print(f"{named or 'the settings alone, no policy.toml'}: usable", highlight=False)
    grid = table("In force", "for", "layers", "nudges", "a call", "gap, s", "held out", "hash")
    whom: list[tuple[str, str, str | None]] = [("everyone else", "", None)]
    whom += [(f"team {name}", "", name) for name in book.teams]
    whom += [(f"agent {agent}", agent, None) for agent in book.agents]
    for name, agent_id, team in whom:
        found = book.in_force(agent_id, team=team)
        policy = Policy(found.nudges)
        grid.add_row(
            escape(name),
            escape(" > ".join(found.layers)),
            str(len(found.nudges.enabled)) if found.nudges.enabled is not None else "all",
            str(found.nudges.max_per_call),
            f"{found.nudges.min_gap_s:g}",
            f"{found.nudges.hold_out:.0%}",
            policy.hash,
        )
    out.print(grid)


@app.command("test")
def try_cases(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CASES.toml…]", help="Default: the cases that come along."),
    ] = None,
    policy: PolicyOption = None,
) -> None:
    """Written cases: who says what when, which nudges must open and which must not.

    Words are heard as on a call: by phrases and by what sentences mean, where that is told.

    \b
    monitor policy test
    monitor policy test CASES.toml --policy NEW.toml

    Exit status: 0; 1 where a case fails; 2 and one line where one cannot be read.
    """
    settings = load()
    book = playbook(settings, policy)
    out = Console()
    failed = 0
    paths = files or sorted((resource("samples") / "cases").glob("*.toml"))
    found = [(path, case) for path in paths for case in cases.read(path)]
    phrases, meaning = phrases_of(settings.asr.language), meaning_of(settings.asr)
    if meaning is None:
        out.print("No meaning is told here: a call hears phrases alone.", highlight=False)
    for path, case in found:
        told = cases.run(case, settings, book, phrases, meaning)
        failed += not told.passed
        mark = "[green]ok  [/]" if told.passed else "[bold red]FAIL[/]"
        out.print(f"{mark} {escape(case.name)}", highlight=False, soft_wrap=True)
        for name in told.missing:
            out.print(f"     did not open: {name}", highlight=False)
        for nudge in told.unwanted:
            out.print(
                f"     opened at {clock(nudge.t)}, and must not: {nudge.nudge} "
                f"({escape(nudge.why)})",
                highlight=False,
                soft_wrap=True,
            )
        if not told.passed:
            out.print(f"     in {path}", highlight=False, soft_wrap=True)
    out.print(f"{len(found)} cases, {failed} failed", highlight=False)
    if failed:
        raise typer.Exit(1)


def whatif_command(
    calls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CALLS…]",
            help="Ids of stored calls; recordings; folders of annotated calls. "
            f"Default: the newest {LAST_CALLS} that are stored.",
        ),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="NEW.toml", help="The policy to try.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Compare with this one instead of that in force.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write all of it as JSON.")] = None,
    page_file: Annotated[
        Path | None,
        typer.Option("--page", help="Write one HTML file: each difference, to be heard."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Where calls are kept.")
    ] = None,
) -> None:
    """Past calls under another policy: which nudges they would have seen, call by call.

    \b
    monitor whatif --policy NEW.toml
    monitor whatif --policy NEW.toml 3f2a91c0d4e5 CALL.wav --page OUT.html
    monitor whatif --policy NEW.toml ANNOTATED/ --json OUT.json

    Only the policy differs: mood, words and everything else stay as they were, so an agent's
    answer to a nudge that was never shown is not guessed at. Where references are annotated it
    also says how many nudges that were due are won or lost, and how many open that were not due.
    """
    if policy is None:
        raise ConfigError("say which policy to try: --policy NEW.toml")
    settings = load()
    if data_dir is not None:
        store = settings.store.model_copy(update={"data_dir": data_dir})
        settings = settings.model_copy(update={"store": store})
    new, old = playbook(settings, policy), playbook(settings, against)
    named = [Path(name) for name in calls or [] if Path(name).exists()]
    ids = [name for name in calls or [] if not Path(name).exists()]
    check_outputs([json, page_file], [policy, *named])
    found = _stored(settings, ids, newest=not calls)
    found += asyncio.run(_recorded(settings, named)) if named else []
    if not found:
        raise RehearsalError("no call is stored yet: name recordings, or folders with references")
    phrases = phrases_of(settings.asr.language)
    told = [whatif.difference(call, settings, old, new, phrases) for call in found]
    _tell(told, list(zip(found, told, strict=True)), policy, json, page_file)


def _stored(settings: Settings, ids: Sequence[str], *, newest: bool) -> list[PastCall]:
    if not ids and not newest:
        return []
    store = Store(settings.store)
    store.open()
    try:
        chosen = ids or [call.call_id for call in reversed(store.calls(limit=LAST_CALLS))]
        return past.stored(store, chosen)
    finally:
        store.close()


async def _recorded(settings: Settings, paths: Sequence[Path]) -> list[PastCall]:
    """Recordings are heard once, with words."""
    makers: list[tuple[str, Callable[[], Source], Reference | None]] = []
    for path in paths:
        if path.is_dir() or path.name.endswith(SUFFIX) or path.with_suffix(SUFFIX).is_file():
            makers += [(call.name, call.open, call.reference) for call in annotated.find([path])]
        else:
            makers.append((path.name, partial(WavSource, path), None))
    runtime = await Runtime.start(settings)
    try:
        with progress(err) as bar:
            task = bar.add_task("Hearing", total=len(makers), speed="")
            found = []
            for name, make, reference in makers:
                found.append(await past.heard(runtime, name, make, reference))
                bar.advance(task)
            return found
    finally:
        await runtime.close()


def _tell(
    told: Sequence[Difference],
    calls: Sequence[tuple[PastCall, Difference]],
    policy: Path,
    json: Path | None,
    page_file: Path | None,
) -> None:
    out = Console()
    found = whatif.total(told)
    for fact in page.facts(found):
        out.print(fact, highlight=False, soft_wrap=True)
    for call in told:
        if not (call.gained or call.lost):
            continue
        out.print(f"\n{escape(call.name)}", style="bold", highlight=False)
        for mark, nudges in (("[green]+", call.gained), ("[red]−", call.lost)):
            for nudge in nudges:
                out.print(
                    f"  {mark} {clock(nudge.t)} {nudge.nudge}[/]  {escape(nudge.why)}",
                    highlight=False,
                    soft_wrap=True,
                )
    if json is not None:
        head = {"version": __version__, "command": ["monitor", *sys.argv[1:]]}
        save(json, head | {"overall": asdict(found), "calls": [_plain(call) for call in told]})
    if page_file is not None:
        with writing(page_file) as file:
            facts = [f"call-monitor {__version__}", f"policy {policy.name}", *page.facts(found)]
            file.write(page.html("What if?", facts, calls))


def _plain(call: Difference) -> dict[str, object]:
    """As JSON has it, without what was said."""
    opened = {
        key: [nudge.model_dump(exclude={"call_id", "seq", "type"}) for nudge in nudges]
        for key, nudges in (
            ("before", call.before),
            ("after", call.after),
            ("gained", call.gained),
            ("lost", call.lost),
        )
    }
    judged = None
    if call.judged is not None:
        judged = {"before": asdict(call.judged[0]), "after": asdict(call.judged[1])}
    plain = {"call": call.name, "duration_s": call.duration_s, "kept": call.kept}
    return plain | opened | {"judged": judged, "layers": list(call.layers)}
