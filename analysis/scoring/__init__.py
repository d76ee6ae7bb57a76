"""Scores by name: what each is, what it needs, its bounds, which direction is better, and its function."""
