"""Pages for people without an account: what a signed link in a message opens."""
