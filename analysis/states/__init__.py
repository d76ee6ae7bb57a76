"""The states of a reservoir: their rank, covariance and separation, and how much the neurons differ."""
