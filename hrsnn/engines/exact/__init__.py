"""The exact engine: event-driven simulation in continuous time."""
