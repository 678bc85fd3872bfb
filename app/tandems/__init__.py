"""Suggestions that two communities decide on, and the tandems that come of them."""
