"""Networks as modules: their arrays as parameters, and their steps with gradients."""
