"""Participating companies."""
