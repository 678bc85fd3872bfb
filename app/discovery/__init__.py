"""Related communities and search across companies, on demand and masked."""
