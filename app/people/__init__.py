"""A person: company, address, language. Everything personal points here."""
