"""Measures of graphs, restoring links, graph files, and pruning steps on graphs alone."""
