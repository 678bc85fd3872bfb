"""Bulk imports of community files: each row stored whole or refused with what to do."""
