"""Simulation of one network, or of a population of networks at once, for batches of stimuli."""

from __future__ import annotations

from hrsnn.simulation.population import simulate_population
from hrsnn.simulation.single import simulate

__all__ = ["simulate", "simulate_population"]
