"""Packed deep networks: weights of 1 to 8 bits in a file of that size, and inference in integers; without PyTorch."""
