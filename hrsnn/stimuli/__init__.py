"""Stimuli: spike trains, analog currents, and the time grid."""
