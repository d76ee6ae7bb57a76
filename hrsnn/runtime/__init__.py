"""How work is run: random seeds, processes and clusters, progress, and signals."""
