"""The portal's guide, command by command, against a real service: what it promises is what its reader sees."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.service import ROOT, serving


def test_the_guides_commands_do_what_it_says(database_url: str, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "portal.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", guide, flags=re.DOTALL)

    with serving(database_url) as (address, _):
        script = "set -euo pipefail\n" + "\necho; echo ----\n".join(blocks)
        script = script.replace("http://127.0.0.1:8000", address)
        script = script.replace(".venv/bin/tandem", f"{sys.executable} -m app.cli")
        environment = {"TANDEM_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT), "TANDEM_LOG_LEVEL": "error"}
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    _, me, put, looked, stored, published, lived, entered, found, round_, synced = done.stdout.split("\n----\n")
    assert json.loads(me)["role"] == "portal"
    assert json.loads(put)["status"] == "draft"
    assert "event: end" in looked
    _, changes, refusals = json_documents(looked.split("event: end", 1)[1])
    assert {(one["external_id"], one["change"]) for one in changes["items"]} == {
        ("data-literacy", "changed"),
        ("lauftreff", "new"),
    }
    [refused] = refusals["items"]
    assert (refused["line"], refused["field"]) == (4, "Name")
    assert json.loads(stored)["status"] in ("queued", "running", "done")
    assert json.loads(published)["published"] == 2
    assert [one["status"] for one in json_documents(lived)] == ["paused", "published", "published"]
    assert json.loads(entered)["offers"] == ["a learning path for reading charts"]
    *_, related, cards = json_documents(found)
    assert [one["card"]["name"] for one in related["items"]] == [None]
    assert "charts" in related["items"][0]["themes_shared"]
    assert cards["corrected"] == [{"from": "litercy", "to": "literacy"}]
    assert [one["handle"] for one in cards["items"]] == [related["items"][0]["card"]["handle"]]
    assert "event: end" in round_
    assert '"proposals":1' in round_
    *_, proposals, unmatched = json_documents(round_)
    assert {side["name"] for pair in proposals["items"] for side in (pair["a"], pair["b"])} == {
        "Data Literacy Circle",
        "Chart readers",
    }
    assert [one["community"]["name"] for one in unmatched["items"]] == ["Lauftreff"]
    assert "'updated': 1" in synced
    assert "line 2, /languages/0: deutsch is not a language tag" in synced
    assert synced.rstrip().endswith("ended with 1")


def json_documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one after the other, whatever stands between them."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while (start := text.find("{", place)) >= 0:
        document, place = decoder.raw_decode(text, start)
        found.append(document)
    return found
