"""The compiled engine: the model on a time grid in Numba."""
