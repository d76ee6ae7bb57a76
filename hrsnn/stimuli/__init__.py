"""Stimuli of a network, and the time grid."""
