"""The ritual of a tandem: kick-off, exchanges and their minutes, half-time, harvest, feedback."""
