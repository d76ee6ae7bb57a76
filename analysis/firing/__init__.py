"""How a population fires, and what that costs: rates, irregularity, branching, balance, synaptic operations."""
