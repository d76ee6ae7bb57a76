"""Execution: random seeds, processes and clusters, progress, and signals."""
