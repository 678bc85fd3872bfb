"""The portal's guide, command by command, against a real service: what it promises is what its reader sees."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.service import ROOT, serving

Block = str


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
    _, me, put, looked, stored, published, entered, found, round_, synced = done.stdout.split("\n----\n")
    assert json.loads(me)["role"] == "portal"
    assert json.loads(put)["status"] == "draft"
    assert "event: end" in looked
    changes, refusals = (
        json.loads(line) for line in re.findall(r'^\{"items".*?\]?,"next_cursor".*?\}(?=\{|$)', looked, re.M)
    )
    assert {(one["external_id"], one["change"]) for one in changes["items"]} == {
        ("data-literacy", "changed"),
        ("lauftreff", "new"),
    }
    [refused] = refusals["items"]
    assert (refused["line"], refused["field"]) == (4, "Name")
    assert json.loads(stored)["status"] in ("queued", "running", "done")
    assert json.loads(published)["published"] == 2
    assert json.loads(entered)["offers"] == ["a learning path for reading charts"]
    related, cards = found.strip().splitlines()[-1].split("}{") if "}{" in found else found.strip().splitlines()[-2:]
    assert "Chart readers" not in found.split('"handle"', 1)[1]
    assert "data literacy" in related
    assert '"corrected":[{"from":"litercy","to":"literacy"}]' in cards
    assert "event: end" in round_
    assert '"proposals":1' in round_
    assert "Chart readers" in round_
    assert "'updated': 1" in synced
    assert "line 2, /languages/0: deutsch is not a language tag" in synced
