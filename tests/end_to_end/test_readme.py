"""The commands of the README, in its order, against a real service: what it promises is what a reader sees."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.service import ROOT, serving


def test_the_readmes_commands_do_what_it_says(database_url: str, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", readme, flags=re.DOTALL)

    with serving(database_url) as (address, _):
        script = "set -euo pipefail\n" + "\necho\n".join(blocks)
        script = script.replace("http://127.0.0.1:8000", address)
        script = script.replace(".venv/bin/tandem", f"{sys.executable} -m app.cli")
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={
                **os.environ,
                "TANDEM_DATABASE_URL": database_url,
                "PYTHONPATH": str(ROOT),
                "TANDEM_LOG_LEVEL": "error",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    answers = [json.loads(found) for found in _json_documents(done.stdout)]
    refusals = next(one for one in answers if one.get("items") and "line" in one["items"][0])
    assert [(row["line"], row["field"]) for row in refusals["items"]] == [(3, "/name")]
    proposed = next(one for one in answers if one.get("status") == "proposed")
    assert (proposed["communities"], proposed["proposals"], proposed["unmatched"]) == (3, 1, 1)
    [pair] = next(one for one in answers if one.get("items") and "similarity" in one["items"][0])["items"]
    assert {pair["a"]["name"], pair["b"]["name"]} == {"Data Literacy Circle", "Chart readers"}
    shown = " ".join(term["a"].lower() for reason in pair["reasons"] for term in reason["terms"])
    assert "data literacy" in shown
    assert "charts" in shown
    [alone] = next(one for one in answers if one.get("items") and "changes" in one["items"][0])["items"]
    assert alone["community"]["name"] == "Lauftreff"
    assert "Zweck" in alone["changes"][0]["text"]


def _json_documents(output: str) -> list[str]:
    decoder, documents, place = json.JSONDecoder(), [], 0
    while (start := output.find("{", place)) >= 0:
        _, place = decoder.raw_decode(output, start)
        documents.append(output[start:place])
    return documents
