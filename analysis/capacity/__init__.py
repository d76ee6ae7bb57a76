"""Capacities: linear memory, information processing capacity, and the theory of linear networks."""
