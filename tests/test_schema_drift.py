"""The dashboard's types are those of the events: nobody changes one side alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from monitor.events import json_schema

SRC = Path(__file__).parent.parent / "dashboard" / "src"


def test_committed_schema_is_the_schema_of_the_events() -> None:
    committed = json.loads((SRC / "events.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(), (
        "run: python -m monitor.events > dashboard/src/events.schema.json && "
        "npm --prefix dashboard run types"
    )


def test_every_model_has_a_typescript_interface() -> None:
    """A cheap look from Python; `npm test` compares the whole file with what is generated."""
    text = (SRC / "events.ts").read_text(encoding="utf-8")
    interfaces = dict(re.findall(r"export interface (\w+) \{(.*?)^\}", text, re.S | re.M))
    models = json_schema()["$defs"]
    assert set(interfaces) == set(models)
    for name, model in models.items():
        fields = set(re.findall(r"^  (\w+)\??:", interfaces[name], re.M))
        assert fields == set(model["properties"]), name
