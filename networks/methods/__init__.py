"""Pruning methods, a file each, and what they share."""
