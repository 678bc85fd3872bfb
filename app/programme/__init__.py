"""What ties features together: the next alternate of a round, and a suggestion that a community asks for itself."""
