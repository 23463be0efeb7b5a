"""Which words are only backchannels."""

from __future__ import annotations

import pytest

from monitor.backchannels import only_backchannels


@pytest.mark.parametrize(
    "text",
    ["Mm-hm.", "Uh-huh", "Yeah, okay.", "I see", "Oh, of course!", "All right.", "No, okay."],
)
def test_backchannels(text: str) -> None:
    assert only_backchannels(text.split())


@pytest.mark.parametrize(
    "text", ["", "no", "yeah but listen", "okay so I", "right right right right right right right"]
)
def test_no_backchannels(text: str) -> None:
    assert not only_backchannels(text.split())
