"""Match rounds: settings, snapshot, run, proposals."""
