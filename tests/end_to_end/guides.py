"""The commands of a document, run in its order against a real service, as its reader would."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.service import ROOT, serving

_MARK = "----"


def outputs_of(document: Path, database_url: str, folder: Path) -> list[str]:
    """What each bash block of a document writes; fails where one of its commands does."""
    blocks = re.findall(r"```bash\n(.*?)```", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    with serving(database_url) as (address, _):
        script = "set -euo pipefail\n" + f"\necho; echo {_MARK}\n".join(blocks)
        script = script.replace("http://127.0.0.1:8000", address)
        script = script.replace(".venv/bin/tandem", f"{sys.executable} -m app.cli")
        settings = {"TANDEM_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT), "TANDEM_LOG_LEVEL": "error"}
        # `python3` itself, and not what chooses one of several each time.
        settings["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    return done.stdout.split(f"\n{_MARK}\n")


def json_documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one after the other, whatever stands between them."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while (start := text.find("{", place)) >= 0:
        document, place = decoder.raw_decode(text, start)
        found.append(document)
    return found
