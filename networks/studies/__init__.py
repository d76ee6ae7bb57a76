"""The study of pruning curves: what is compared, the scores of pruned networks, and the claims about them."""
