"""Who sits with whom at a meetup, and who wants to meet again."""
