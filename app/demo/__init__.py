"""Example data and how it is seeded."""
