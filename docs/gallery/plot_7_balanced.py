"""
A balanced reservoir
====================

You will learn how spikes can follow a linear system through tight balance of excitation and inhibition, how the states are
read from spikes without a fit, and what happens without the recurrent links, or with the same links in other places.
"""

import matplotlib.pyplot as plt
import numpy as np

from hrsnn import Currents, simulate
from hrsnn.analysis import figures
from hrsnn.analysis.protocols import memory
from hrsnn.balanced import BalancedSpec, build_balanced, expected_memory

plt.style.use("hrsnn.analysis.figures.hrsnn")

# %%
# The network
# -----------
#
# A linear system :math:`x' = Ax + Bu` of eight states, damped rotations, is what 200 neurons are to follow. Each neuron
# carries the part of the coding error along its own decoder as its membrane potential, and spikes when its spike makes the
# error smaller. The weights follow from that; nothing is trained.

spec = BalancedSpec(neurons=200, dimensions=8)
network = build_balanced(spec, seed=1, channels=1)
print(network)

# %%
# Spikes follow the system
# ------------------------

values = np.random.default_rng(0).uniform(-1, 1, (1, 100, 1))
times = 20.0 * np.arange(1, 101)  # ms, the ends of the values
ideal = network.ideal_states(values[0], hold=20)
networks = {
    "balanced": network,
    "no recurrence": network.without_recurrence(),
    "shuffled links": network.shuffled(seed=0),
}
states, activities = {}, {}
for name, one in networks.items():
    activities[name] = simulate(one, Currents(values, dt=20))
    states[name] = one.decode(activities[name].spikes, times)[0]
    error = np.sqrt(np.mean((states[name] - ideal)[20:] ** 2)) / ideal[20:].std()
    print(f"{name:15s} {activities[name].rates.mean():8.1f} Hz  error {error:8.2f} sd")

# %%
# The error is relative to the standard deviation of the states. The controls fail in different ways: without recurrent
# links nothing tells a neuron that another has already corrected the error, and with the same weights in other places the
# network drives itself to rates that mean nothing.

fig = plt.figure(figsize=(3.5, 3.4))
spikes = activities["balanced"].spikes.sample(0)
figures.tracking(times, ideal[:, :2], states["balanced"][:, :2], *spikes, count=network.neurons, figure=fig)
plt.show()

# %%
# Above are the first two states: of the linear system dashed, as decoded from the spikes of the balanced network in colour.
# Below are the spikes.

# %%
# Memory
# ------
#
# The memory of the network is that of its linear system, less the noise of its code. ``expected_memory`` computes both
# without a run: what the network should have, and what the system has.

found = memory(spec, values=3000, max_delay=100, seed=1)
expected, of_system = expected_memory(network)
rows = {
    "linear system": found.ideal.total,
    "decoded": found.decoded.total,
    "ridge readout": found.spikes.total,
    "decoded, no recurrence": found.decoded_uncoupled.total,
    "raw input": found.raw_input.total,
}
print(f"expected without a run {expected:.1f}, of the system {of_system:.1f}")
for name, total in rows.items():
    print(f"{name:24s} {total:5.1f}")

fig, ax = plt.subplots(figsize=(3.5, 1.9))
ax.barh(list(rows)[::-1], list(rows.values())[::-1], color=["0.7", "0.7", "C1", "C0", "black"])
ax.set_xlabel("Memory capacity (values of 20 ms)")
plt.show()

# %%
# The decoder reads what the system remembers, as expected. A ridge readout of 200 filtered spike trains has to find the same
# eight states in noise, and loses some of them. Eight states hold at most eight values: more memory takes more states.
