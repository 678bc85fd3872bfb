"""Run a command by itself and write down what it took: wall and CPU time, and the most memory that it held.

    python -m benchmarks.alone FIGURES.json COMMAND ...

Linux counts what the starting process held to a new one's peak; this one holds next to nothing, and imports nothing
but the standard library.
"""

import json
import os
import sys
import time
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Write `seconds`, `cpu_seconds` and `peak_mib` as one JSON object; ends as the command does."""
    figures, *command = arguments
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    taken = {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": int(usage.ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)),
    }
    Path(figures).write_text(json.dumps(taken), encoding="utf-8")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
