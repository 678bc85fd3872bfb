"""Community profiles: states, managers, capacity, import."""
