"""What only a checkout has: the project's own packages and their pinned models, and all services at once."""
