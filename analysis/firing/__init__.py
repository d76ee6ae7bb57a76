"""Statistics of the spikes of a population: rates, irregularity, branching, balance, synaptic operations and energy."""
