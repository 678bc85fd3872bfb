"""Cross-company meetups: dates, agenda, talks."""
