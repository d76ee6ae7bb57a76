"""Deep spiking networks: quadratic integrate-and-fire neurons, quantised weights and potentials, packed files.

Training needs the extra ``torch``; models, counts of memory, windows, packed files and integer inference do not.
"""
