"""Exact derivatives of what a spiking network does with respect to its parameters."""
