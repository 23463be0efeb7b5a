"""Every need is recorded, shown or not, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

import monitor.policy
from monitor.config import NudgeSettings
from monitor.events import (
    Event,
    Evidence,
    NudgeClosed,
    NudgeEffect,
    NudgeOpened,
    Opportunity,
    Report,
    Response,
)
from monitor.opportunities import EFFECT_AFTER_S, RESPONSE_WITHIN_S
from monitor.policy import Policy, held_out
from monitor.repertoire import Nudge
from monitor.view import Said, View
from tests.dialogue import HURT, HURT_SAID, run

UPSET = View(t=60.0, began=0.0, words=True, mood=3.0, mood_peak=(60.0, 3.0), kinds=2)
CALM = View(t=60.0, began=0.0, words=True)
Th = Mapping[str, float]
Spans = list[tuple[float, float]]


def within(spans: Spans, kind: Any = "interaction") -> Callable[[View, Th], Evidence | None]:
    """Needed in these spans of time; it arose at the beginning of each."""

    def need(view: View, th: Th) -> Evidence | None:
        for t0, t1 in spans:
            if t0 <= view.t < t1:
                return Evidence(kind=kind, t=t0, text=f"since {t0:g}")
        return None

    return need


def done_at(*times: float) -> Callable[[View, float, Th], Evidence | None]:
    def done(view: View, since: float, th: Th) -> Evidence | None:
        for t in times:
            if since <= t <= view.t:
                return Evidence(kind="interaction", t=t, text=f"done at {t:g}")
        return None

    return done


def nudge(name: str, needed: Spans, at: tuple[float, ...] = (), **more: Any) -> Nudge:
    ordinary: dict[str, Any] = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "text": "Do it.",
        "kind": name,
        "priority": 50,
        "ttl_s": 20.0,
        "cooldown_s": 0.0,
        "warm_up_s": None,
        "calm": False,
        "praise": False,
        "private": False,
        "when": "during",
        "reasons": {},
        "thresholds": {},
        "need": within(needed),
        "done": done_at(*at),
        "holds": None,
        "called_for": None,
    }
    return Nudge(**ordinary | more)


class Told:
    """A policy of these nudges, looked at each half second, and what it told."""

    def __init__(self, patch: pytest.MonkeyPatch, *nudges: Nudge, **settings: Any) -> None:
        call_id = settings.pop("call_id", "c1")
        in_order = sorted(nudges, key=lambda one: (-one.priority, one.name))
        patch.setattr(monitor.policy, "load", lambda _: in_order)
        self.policy = Policy(NudgeSettings(**settings), call_id=call_id)
        self.events: list[Event] = []

    def over(self, view: View, t0: float, t1: float, step: float = 0.5) -> Told:
        t = t0
        while t <= t1:
            self.events += self.policy.step(replace(view, t=t))
            t += step
        return self

    def end(self, view: View) -> Told:
        self.events += self.policy.end(view)
        return self

    @property
    def needs(self) -> list[tuple[float, str, bool, str, str]]:
        """t, id, due, shown, withheld."""
        found = [e for e in self.events if isinstance(e, Opportunity)]
        return [(e.t, e.id, e.due, e.shown, e.withheld) for e in found]

    @property
    def answers(self) -> list[tuple[float, str, str, bool]]:
        found = [e for e in self.events if isinstance(e, Response)]
        return [(e.t, e.id, e.outcome, e.prompted) for e in found]

    @property
    def effects(self) -> list[NudgeEffect]:
        return [e for e in self.events if isinstance(e, NudgeEffect)]

    @property
    def opened(self) -> list[tuple[str, float]]:
        return [(e.nudge, e.t) for e in self.events if isinstance(e, NudgeOpened)]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    return lambda *nudges, **settings: Told(monkeypatch, *nudges, **settings)


Stage = Callable[..., Told]

# ---- the life of one need ----------------------------------------------------------


def test_needed_shown_and_given(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 70)], (66,))).over(UPSET, 55, 80)
    assert seen.needs == [(60.0, "p1", True, "n1", "")]
    assert seen.answers == [(66.0, "p1", "given", True)]
    (answer,) = (e for e in seen.events if isinstance(e, Response))
    assert answer.how is not None
    assert answer.how.text == "done at 66"


def test_needed_and_missed(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 62)])).over(UPSET, 55, 130)
    assert seen.answers == [(60.0 + RESPONSE_WITHIN_S, "p1", "missed", False)]


def test_given_in_the_moment_in_which_it_was_needed(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 64)], (60.3,))).over(UPSET, 60.5, 80)
    assert seen.opened == []
    assert seen.needs == [(60.5, "p1", True, "", "")]
    assert seen.answers == [(60.5, "p1", "given", False)]


def test_what_was_taken_back_has_no_effect(told: Stage) -> None:
    stands = nudge("own_it", [(60, 90)], holds=lambda view, since, th: view.t < 64)
    seen = told(stands).over(UPSET, 55, 130)
    assert seen.answers[0] == (64.0, "p1", "retracted", False)
    assert all(effect.opportunity != "p1" for effect in seen.effects)


def test_the_end_of_the_call_leaves_no_need_open(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 70)], (66,)), nudge("thank_them", [(60, 70)]))
    seen.over(UPSET, 55, 65).end(replace(UPSET, t=67.0, mood=1.0))
    assert sorted(seen.answers) == [
        (67.0, "p1", "given", True),  # its words came after the line was dead
        (67.0, "p2", "call_ended", False),
    ]
    (closed,) = (e for e in seen.events if isinstance(e, NudgeClosed))
    assert (closed.outcome, closed.why) == ("done", "done at 66")
    assert [(e.arm, e.mood_after, e.after_s) for e in seen.effects] == [
        ("shown", 1.0, 7.0),
        ("not_shown", 1.0, 7.0),
    ]


def test_called_for_and_given_before_any_nudge(told: Stage) -> None:
    """Without it only those who need the nudge would be on the scorecard."""
    asked = nudge("own_it", [(72, 90)], (64,), called_for=within([(60, 100)]))
    seen = told(asked).over(UPSET, 55, 90)
    assert seen.needs[0] == (60.0, "p1", False, "", "")
    assert seen.answers[0] == (64.0, "p1", "given", False)


def test_called_for_then_due_then_shown_is_one_need(told: Stage) -> None:
    asked = nudge("own_it", [(72, 90)], (80,), called_for=within([(60, 100)]))
    seen = told(asked).over(UPSET, 55, 90)
    assert seen.needs == [(60.0, "p1", False, "", ""), (72.0, "p1", True, "n1", "")]
    assert seen.answers == [(80.0, "p1", "given", True)]


def test_done_just_before_the_nudge_and_known_only_after_it(told: Stage) -> None:
    """Words come a second after they were said."""

    def done(view: View, since: float, th: Th) -> Evidence | None:
        if since <= 71.8 and view.t >= 73.0:
            return Evidence(kind="words", t=view.t, text="You said sorry")
        return None

    asked = nudge("own_it", [(72, 90)], done=done, called_for=within([(60, 100)]))
    seen = told(asked).over(UPSET, 55, 90)
    assert seen.opened == [("own_it", 72.0)]
    assert seen.answers[0] == (73.0, "p1", "given", False), "nobody had to be told"
    closed = [(e.t, e.outcome, e.why) for e in seen.events if isinstance(e, NudgeClosed)]
    assert closed == [(73.0, "done", "You said sorry")]


def test_a_nudge_to_be_quiet_stands_long_enough_to_be_read(told: Stage) -> None:
    """They stopped a moment before it came, and that they did is plain only a moment after."""

    def done(view: View, since: float, th: Th) -> Evidence | None:
        quiet_s = view.t - max(since, 71.4)
        return Evidence(kind="interaction", t=view.t, text="Quiet") if quiet_s >= 1.0 else None

    late = nudge("own_it", [(72.0, 90)], need=within([(71.0, 90)]), done=done)
    seen = told(late).over(UPSET, 72.0, 90)
    assert seen.opened == [("own_it", 72.0)]
    assert seen.answers[0] == (72.5, "p1", "given", False)
    closed = next(e for e in seen.events if isinstance(e, NudgeClosed))
    assert (closed.outcome, closed.open_s) == ("done", 1.0)


def test_one_at_a_time_and_again_only_after_the_cooldown(told: Stage) -> None:
    blinks = [(60.0 + k, 60.5 + k) for k in range(0, 90, 2)]
    seen = told(nudge("own_it", blinks), cooldown_s=80.0).over(UPSET, 55, 160)
    assert [t for t, *_ in seen.needs] == [60.0, 140.0]


def test_a_new_need_after_one_that_was_met_unprompted(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 64), (75, 79)], (60.5,))).over(UPSET, 60.5, 78)
    assert [(e[0], e[3]) for e in seen.needs] == [(60.5, ""), (75.0, "n1")]


def test_a_need_that_goes_on_after_it_was_met_is_no_new_one(told: Stage) -> None:
    always = nudge("own_it", [(60, 100)], (60.0,))
    assert len(told(always).over(UPSET, 60, 90).needs) == 1


def test_confidence_of_the_words_it_rests_on(told: Stage) -> None:
    said = (
        Said("customer", 30.0, 40.0, "long ago", ("long", "ago"), confidence=0.1),
        Said("customer", 50.0, 52.0, "this is broken", ("this", "is", "broken"), confidence=0.9),
        Said("agent", 53.0, 54.0, "okay", ("okay",), confidence=0.5),
    )
    by_words = nudge("own_it", [(60, 62)], need=within([(60, 62)], "words"))
    seen = told(by_words, nudge("thank_them", [(60, 62)])).over(replace(UPSET, said=said), 60, 61)
    found = {e.nudge: e.confidence for e in seen.events if isinstance(e, Opportunity)}
    assert found == {"own_it": pytest.approx(0.8), "thank_them": None}


# ---- why it was not shown ------------------------------------------------------------


def test_in_the_warm_up(told: Stage) -> None:
    early = replace(UPSET, began=58.0)
    seen = told(nudge("own_it", [(60, 80)])).over(early, 60, 64)
    assert seen.needs == [(60.0, "p1", True, "", "warm_up"), (63.0, "p1", True, "n1", "")]
    own = nudge("wait_then_greet", [(60, 80)], warm_up_s=0.5)
    assert told(own).over(early, 60, 64).opened == [("wait_then_greet", 60.0)]


def test_of_a_calm_customer(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 70)], (66,))).over(CALM, 55, 80)
    assert seen.needs == [(60.0, "p1", True, "", "calm")]
    assert seen.answers == [(66.0, "p1", "given", False)]
    assert told(nudge("own_it", [(60, 70)], calm=True)).over(CALM, 55, 80).opened


@pytest.mark.parametrize(
    "not_calm",
    [
        {"mood": 2.0},
        {"mood_peak": (10.0, 2.0)},
        {"frustrations": (Evidence(kind="words", t=50, text="They said “useless”"),)},
    ],
    ids=lambda found: next(iter(found)),
)
def test_a_customer_who_was_not_calm_lately(told: Stage, not_calm: dict[str, Any]) -> None:
    seen = told(nudge("own_it", [(60, 70)])).over(replace(CALM, **not_calm), 55, 80)
    assert seen.opened == [("own_it", 60.0)]


def test_calm_first_and_shown_when_it_turns(told: Stage) -> None:
    seen = told(nudge("own_it", [(60, 80)])).over(CALM, 55, 69.5).over(UPSET, 70, 75)
    assert seen.needs == [(60.0, "p1", True, "", "calm"), (70.0, "p1", True, "n1", "")]


def test_a_missed_need_of_a_calm_customer_does_not_silence_the_next(told: Stage) -> None:
    long = nudge("own_it", [(60, 300)], cooldown_s=300.0, ttl_s=300.0)
    seen = told(long).over(CALM, 60, 199.5).over(UPSET, 200, 210)
    assert seen.needs == [(60.0, "p1", True, "", "calm"), (200.0, "p2", True, "n1", "")]


def test_something_else_on_the_screen_and_the_gap_after_it(told: Stage) -> None:
    seen = told(
        nudge("own_it", [(60, 70)], (66,), priority=60),
        nudge("thank_them", [(62, 85)]),
        nudge("give_options", [(68, 69)]),
    ).over(UPSET, 55, 85)
    assert [(t, shown, why) for t, _, _, shown, why in seen.needs] == [
        (60.0, "n1", ""),
        (62.0, "", "on_screen"),
        (68.0, "", "gap"),
        (80.0, "n2", ""),
    ]


def test_the_budget_the_kind_and_the_pause(told: Stage) -> None:
    one = nudge("own_it", [(60, 61)], kind="words")
    kin = nudge("say_it_back", [(90, 91)], kind="words")
    late = nudge("give_options", [(130, 131)])
    seen = told(one, kin, late, max_per_call=1).over(UPSET, 55, 135)
    assert [(t, why) for t, *_, why in seen.needs] == [
        (60.0, ""),
        (90.0, "cooldown"),
        (130.0, "budget"),
    ]
    seen = told(one)
    seen.policy.snooze(300, 50)
    assert seen.over(UPSET, 55, 70).needs == [(60.0, "p1", True, "", "snoozed")]


# ---- held out, quiet -----------------------------------------------------------------


def test_held_out_takes_its_place_as_if_it_had_been_shown(told: Stage) -> None:
    nudges = (nudge("own_it", [(60, 80)]), nudge("thank_them", [(65, 85)]))
    call_id = next(
        name
        for name in (f"c{k}" for k in range(100))
        if held_out(name, "p1", 0.5) and not held_out(name, "p2", 0.5)
    )
    seen = told(*nudges, hold_out=0.5, call_id=call_id).over(UPSET, 55, 145)
    assert seen.needs == [
        (60.0, "p1", True, "", "held_out"),
        (65.0, "p2", True, "", "on_screen"),
        (80.0, "p2", True, "n1", ""),
    ]
    assert [(e.opportunity, e.id, e.arm, e.t) for e in seen.effects] == [
        ("p1", "", "held_out", 60.0 + EFFECT_AFTER_S),
        ("p2", "n1", "shown", 80.0 + EFFECT_AFTER_S),
    ]


EACH = frozenset(f"p{number}" for number in range(1, 100))


def hold_out(patch: pytest.MonkeyPatch, needs: Collection[str]) -> None:
    """Chance, decided by the test."""
    patch.setattr(monitor.policy, "held_out", lambda call_id, need, share: need in needs)


def turns(events: list[Event]) -> list[tuple[float, str]]:
    """When the policy found that a nudge should now be shown, whether or not it was."""
    return [
        (e.t, e.nudge)
        for e in events
        if isinstance(e, Opportunity) and (e.shown or e.withheld == "held_out")
    ]


BUSY = (
    nudge("own_it", [(60, 70)], (66,), priority=60),  # done before its time is up
    nudge("thank_them", [(62, 110)], kind="courtesy"),  # waits for the place, then for the gap
    nudge("let_them_finish", [(88, 90)], priority=90),  # takes the place of that one
    nudge("use_their_name", [(125, 145)], kind="courtesy"),  # waits for its kind
    nudge("they_settled", [(95, 125)], priority=10, praise=True, calm=True),
    nudge("say_it_back", [(170, 174)], holds=lambda view, since, th: view.t < 173),
    nudge("give_options", [(172, 195)]),  # waits although that one was taken back
    nudge("slow_down", [(215, 260)]),  # more than the budget holds
)


def test_shown_and_held_out_differ_in_nothing_but_being_shown(
    told: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[bool, Told] = {}
    for held, needs in ((False, frozenset[str]()), (True, EACH)):
        hold_out(monkeypatch, needs)
        seen[held] = told(*BUSY, max_per_call=6).over(UPSET, 55, 280).end(replace(UPSET, t=281.0))
    assert turns(seen[False].events) == turns(seen[True].events)
    assert turns(seen[False].events) == [
        (60.0, "own_it"),
        (80.0, "thank_them"),
        (88.0, "let_them_finish"),
        (108.0, "they_settled"),
        (140.0, "use_their_name"),
        (170.0, "say_it_back"),
        (190.0, "give_options"),
    ]
    assert [(t, name) for name, t in seen[False].opened] == turns(seen[False].events)
    told_of = [[(t, one) for t, one, *_ in seen[held].needs] for held in (False, True)]
    assert told_of[0] == told_of[1]
    assert [(e.t, e.nudge, e.after_s) for e in seen[False].effects] == [
        (e.t, e.nudge, e.after_s) for e in seen[True].effects
    ]
    still = seen[True]
    assert not any(isinstance(e, NudgeOpened | NudgeClosed) for e in still.events)
    assert still.policy.reports() == []
    assert not any(prompted for *_, prompted in still.answers)
    assert all(line.prompted == 0 for line in still.policy.scorecard())


def test_of_a_whole_call_nothing_that_was_held_out_is_told_as_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[bool, list[Event]] = {}
    for held, needs in ((False, frozenset[str]()), (True, EACH)):
        hold_out(monkeypatch, needs)
        seen[held] = run(*HURT, HURT_SAID)
    assert turns(seen[False])
    assert turns(seen[False]) == turns(seen[True])
    (report,) = (event for event in seen[True] if isinstance(event, Report))
    assert report.nudges == []
    assert report.scorecard
    assert not any(line.prompted for line in report.scorecard)
    assert {e.arm for e in seen[True] if isinstance(e, NudgeEffect)} <= {"held_out", "not_shown"}
    assert not any(isinstance(e, NudgeOpened | NudgeClosed) for e in seen[True])


def test_what_was_held_out_leaves_its_place_like_what_was_shown(
    told: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no gap between two, only the place keeps the second one waiting."""
    first = nudge("own_it", [(60, 61)], (72.0,), ttl_s=25.0)
    for needs in ((), ("p1",)):
        hold_out(monkeypatch, needs)
        seen = told(first, nudge("thank_them", [(62, 90)]), min_gap_s=0.0).over(UPSET, 55, 90)
        assert seen.opened[-1] == ("thank_them", 72.0)


def test_what_is_held_out_takes_the_place_of_a_weaker_one(
    told: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_out(monkeypatch, {"p2"})
    urgent = nudge("let_them_finish", [(66, 68)], priority=90)
    seen = told(nudge("own_it", [(60, 80)]), urgent).over(UPSET, 55, 80)
    closed = [(e.t, e.nudge, e.outcome, e.why) for e in seen.events if isinstance(e, NudgeClosed)]
    assert closed == [(66.0, "own_it", "replaced", "")]
    assert seen.opened == [("own_it", 60.0)]
    assert seen.policy.open is None


def test_what_nobody_sees_cannot_be_waved_away(
    told: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_out(monkeypatch, {"p1"})
    seen = told(nudge("own_it", [(60, 61)]), nudge("thank_them", [(62, 90)]), min_gap_s=0.0)
    seen.over(UPSET, 55, 63)
    assert [seen.policy.dismiss(name, 63.0) for name in ("", "n1")] == [[], []]
    assert seen.over(UPSET, 63.5, 90).opened == [("thank_them", 80.0)]


def test_the_share_held_out_is_that_of_the_settings_and_repeats() -> None:
    names = [(f"call{k}", f"p{k % 7}") for k in range(4000)]
    drawn = [held_out(call, need, 0.2) for call, need in names]
    assert drawn == [held_out(call, need, 0.2) for call, need in names]
    assert sum(drawn) / len(drawn) == pytest.approx(0.2, abs=0.02)  # 3 standard errors
    assert not any(held_out(call, need, 0.0) for call, need in names)


def test_quiet_shows_nothing_and_tells_what_it_would_have(told: Stage) -> None:
    nudges = (nudge("own_it", [(60, 70)]), nudge("thank_them", [(62, 90)]))
    loud = told(*nudges).over(UPSET, 55, 90)
    still = told(*nudges, quiet=True).over(UPSET, 55, 90)
    assert still.opened == []
    would = [t for t, _, _, shown, _ in loud.needs if shown]
    assert [t for t, *_, why in still.needs if why == "quiet"] == would == [60.0, 80.0]
    assert {effect.arm for effect in still.over(UPSET, 90, 200).effects} == {"not_shown"}


# ---- praise, private, after ---------------------------------------------------------------


def test_praise_comes_once_and_takes_nobodys_place(told: Stage) -> None:
    praise = nudge("they_settled", [(63, 200)], praise=True, calm=True)
    work = nudge("own_it", [(60, 61), (80, 81)], (61,), cooldown_s=10.0)
    seen = told(praise, work, max_per_call=2, cooldown_s=10.0).over(UPSET, 55, 200)
    assert seen.opened == [("own_it", 60.0), ("they_settled", 63.0)]
    busy = [why for t, *_, why in seen.needs if t == 80.0]
    assert busy == ["on_screen"], "a good word is on the screen"


def test_private_is_said_in_all_its_events_and_in_no_report(told: Stage) -> None:
    seen = told(nudge("its_not_you", [(60, 61)], (63,), private=True))
    seen.over(UPSET, 55, 70).end(replace(UPSET, t=71.0))
    kinds = {event.type: event.model_dump()["private"] for event in seen.events}
    assert kinds == dict.fromkeys(
        ("opportunity", "nudge.opened", "nudge.closed", "response", "nudge.effect"), True
    )
    assert seen.policy.reports() == []
    assert seen.policy.scorecard() == []


def test_private_is_never_held_out(told: Stage) -> None:
    call_id = next(name for name in (f"c{k}" for k in range(99)) if held_out(name, "p1", 0.1))
    for private, shown in ((True, 1), (False, 0)):
        kind = nudge("its_not_you", [(60, 61)], private=private)
        seen = told(kind, hold_out=0.1, call_id=call_id).over(UPSET, 55, 70)
        assert len(seen.opened) == shown


def test_after_the_call(told: Stage) -> None:
    rest = nudge("hard_run", [(0, 999)], when="after", priority=10)
    seen = told(rest, nudge("own_it", [(60, 80)])).over(UPSET, 55, 65)
    assert seen.opened == [("own_it", 60.0)], "not while the call goes on"
    over = replace(UPSET, t=65.0, hung_up=True)
    seen.events += seen.policy.hang_up(over)
    seen.end(over)
    assert seen.opened[1:] == [("hard_run", 65.0)]
    closed = [(e.nudge, e.outcome) for e in seen.events if e.type == "nudge.closed"]  # type: ignore[attr-defined]
    assert closed == [("own_it", "call_ended")], "it stays until it was read"
    assert [e.nudge for e in seen.effects] == ["own_it"]
    seen = told(rest, quiet=True)
    assert [e.withheld for e in seen.policy.hang_up(over) if isinstance(e, Opportunity)] == [
        "quiet"
    ]
