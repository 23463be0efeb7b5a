"""Real timing: annotations are read as they stand, and split once and for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from samples.timing import (
    LEAD_S,
    Conversation,
    Interval,
    TimingError,
    joined,
    read,
    read_rttm,
    read_textgrids,
    usable,
)

RTTM = "SPEAKER x 1 {t0} {length} <NA> <NA> {who} <NA> <NA>\n"
GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 20
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = 20
        intervals: size = {size}
{intervals}"""


def rttm(folder: Path, name: str, *spoken: tuple[str, float, float]) -> Path:
    path = folder / f"{name}.rttm"
    path.write_text("".join(RTTM.format(who=w, t0=t0, length=n) for w, t0, n in spoken))
    return path


def grid(folder: Path, name: str, role: str, *spoken: tuple[float, float, str]) -> Path:
    edges = [0.0, *(t for t0, t1, _ in spoken for t in (t0, t1)), 20.0]
    texts = ["", *(t for _, _, text in spoken for t in (text, ""))]
    intervals = "".join(
        f"        intervals [{i + 1}]:\n            xmin = {edges[i]}\n"
        f'            xmax = {edges[i + 1]}\n            text = "{text}"\n'
        for i, text in enumerate(texts)
    )
    path = folder / f"{name}_{role}.TextGrid"
    path.write_text(GRID.format(name=role, size=len(texts), intervals=intervals))
    return path


def times(intervals: tuple[Interval, ...]) -> list[tuple[float, float]]:
    return [(round(i.t0, 3), round(i.t1, 3)) for i in intervals]


def test_an_rttm_names_who_speaks_and_for_how_long(tmp_path: Path) -> None:
    path = rttm(tmp_path, "4065", ("B", 547.0, 5.0), ("A", 545.0, 2.5), ("A", 553.0, 0.5))
    call = read_rttm(path)
    assert (call.name, call.duration_s) == ("4065", LEAD_S + 8.5 + LEAD_S)
    assert times(call.agent) == [(1.0, 3.5), (9.0, 9.5)], "the first label is the agent"
    assert times(call.customer) == [(3.0, 8.0)]


def test_a_bystander_is_left_out(tmp_path: Path) -> None:
    call = read_rttm(rttm(tmp_path, "x", ("A", 1, 50), ("B", 52, 50), ("A1", 60, 1)))
    assert len(call.agent) == len(call.customer) == 1


def test_three_real_speakers_are_no_call(tmp_path: Path) -> None:
    path = rttm(tmp_path, "x", ("A", 1, 5), ("B", 6, 5), ("C", 11, 5))
    with pytest.raises(TimingError, match=r"x\.rttm: 3 speakers"):
        read_rttm(path)


def test_a_broken_line_of_an_rttm_is_named(tmp_path: Path) -> None:
    path = rttm(tmp_path, "x", ("A", 1, 5))
    path.write_text(path.read_text() + "LEXEME x 1 2 3\n")
    with pytest.raises(TimingError, match=r"x\.rttm:2"):
        read_rttm(path)


def test_a_pair_of_textgrids_is_a_call_with_words(tmp_path: Path) -> None:
    pytest.importorskip("praatio")
    doctor = grid(tmp_path, "day1", "doctor", (2.0, 2.9, "Hello."), (5.0, 7.5, "What is it?"))
    grid(tmp_path, "day1", "patient", (7.0, 9.0, "My <UNSURE>knee</UNSURE>."))
    call = read_textgrids(doctor)
    assert call.name == "day1"
    assert times(call.agent) == [(1.0, 1.9), (4.0, 6.5)], "moved to begin after LEAD_S"
    assert [i.text for i in call.agent] == ["Hello.", "What is it?"]
    assert [i.text for i in call.customer] == ["My <UNSURE>knee</UNSURE>."]


def test_a_click_of_one_second_is_a_word(tmp_path: Path) -> None:
    pytest.importorskip("praatio")
    doctor = grid(tmp_path, "day1", "doctor", (2.0, 3.0, "OK."), (5.0, 6.01, "Right."))
    grid(tmp_path, "day1", "patient", (7.0, 9.0, "Yes."))
    assert times(read_textgrids(doctor).agent) == [(1.0, 1.7), (4.0, 5.01)]


def test_a_doctor_without_a_patient_is_no_call(tmp_path: Path) -> None:
    pytest.importorskip("praatio")
    doctor = grid(tmp_path, "day1", "doctor", (2.0, 3.0, "Hello."))
    with pytest.raises(TimingError, match="day1_patient"):
        read_textgrids(doctor)


def test_what_nearly_touches_is_one_interval() -> None:
    intervals = [
        Interval(0.0, 1.0, "a"),
        Interval(1.19, 2.0, "b"),
        Interval(2.2, 2.25, "a click"),
        Interval(2.3, 3.0, "c"),
        Interval(2.5, 2.8, "d"),
    ]
    assert joined(intervals) == [Interval(0.0, 2.0, "a b"), Interval(2.3, 3.0, "c d")]
    assert joined(intervals, within_s=0.5) == [Interval(0.0, 3.0, "a b c d")]


def test_an_excerpt_keeps_only_what_lies_wholly_in_it() -> None:
    agent = (Interval(1, 3), Interval(6, 8), Interval(9, 14))
    call = Conversation("x", agent, (Interval(3, 5),), 15.0)
    part = call.excerpt(2.0, 12.0)
    assert times(part.agent) == [(4.0, 6.0)]
    assert times(part.customer) == [(1.0, 3.0)]
    assert part.duration_s == 7.0
    with pytest.raises(TimingError, match="says nothing"):
        call.excerpt(5.5, 15.0)


def test_the_halves_share_nothing_and_leave_nothing_out(tmp_path: Path) -> None:
    for name in "abcde":
        rttm(tmp_path, name, ("A", 1, 5), ("B", 6, 5))
    rttm(tmp_path, "bb", ("A", 1, 5))
    assert [c.name for c in usable(tmp_path, "tune")] == ["a", "c", "e"]
    assert [c.name for c in usable(tmp_path, "report")] == ["b", "d"]
    assert [c.name for c in usable(tmp_path)] == list("abcde")
    unusable = [c for c in read(tmp_path) if isinstance(c, TimingError)]
    assert len(unusable) == 1
    assert "1 speakers" in str(unusable[0])


def test_a_folder_without_annotations_says_so(tmp_path: Path) -> None:
    with pytest.raises(TimingError, match="neither"):
        list(read(tmp_path))
