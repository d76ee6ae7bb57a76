"""Comparisons of networks: the four variants, the claims about them, and the objectives of a search."""
