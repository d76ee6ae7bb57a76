"""Noise pruning of linear networks, and the covariance of their neurons."""
