"""
Delays and memory
=================

You will learn how the memory of a network is measured, what delays contribute to it and what recurrent links add, with the
delay bank as the control that tells the two apart.
"""

import matplotlib.pyplot as plt

from hrsnn import ReservoirSpec
from hrsnn.analysis import figures
from hrsnn.analysis.protocols import memory

plt.style.use("hrsnn.analysis.figures.hrsnn")

# %%
# Memory capacity
# ---------------
#
# The input is a new random value every 20 ms. For each delay, a ridge readout of the filtered spikes is fitted to the value
# of so long ago; its :math:`r^2` on a held-out part says how much of that value is left. The capacity is the sum over the
# delays, in values, with what shuffled input reaches subtracted.

common = {"values": 2000, "max_delay": 40, "seed": 1}
spec = ReservoirSpec(neurons=400)  # delays uniform between 1 and 200 ms
spread = memory(spec, **common)

# %%
# Three networks that differ in their delays only: none; all 100 ms; and a distribution with that mean, the default.

equal = memory(spec.updated({"delay_exc": 100.0, "delay_inh": 100.0}), **common)
without = memory(spec.updated({"delay_exc": 0.0, "delay_inh": 0.0}), **common)

print(f"{'delays':14s} {'network':>8s} {'no recurrence':>14s} {'delay bank':>11s} {'rate (Hz)':>10s}")
for name, found in (("none", without), ("100 ms", equal), ("1 to 200 ms", spread)):
    bank = "" if found.spikes_bank is None else f"{found.spikes_bank.total:.1f}"
    uncoupled, rate = found.spikes_uncoupled.total, found.rates.mean_rate
    print(f"{name:14s} {found.spikes.total:8.1f} {uncoupled:14.1f} {bank:>11s} {rate:10.1f}")

# %%
# The **delay bank** is the same network without recurrent links whose input links have the delays of the recurrent ones,
# at the same rate. A delay is memory by itself, and the bank has all of it. What a network remembers beyond its bank is the
# work of its recurrent links.

fig, ax = plt.subplots(figsize=(3.5, 3.2))
figures.memory_curve(
    {"1 to 200 ms": spread.spikes, "100 ms": equal.spikes, "none": without.spikes},
    controls={"delay bank": spread.spikes_bank},
    ax=ax,
)
ax.get_legend().remove()
fig.legend(loc="outside upper left")
plt.show()

# %%
# Without delays the network remembers about one value. With equal delays it remembers in steps of the delay, and with a
# distribution most values of the past half second. The bank ends where the longest delay does; the network goes on.
#
# One seed does not say how large the difference is in general: ``hrsnn memory --seeds 20`` gives means with intervals, and
# the page on delays has them for the default network. The next figure splits this network's capacity by where it comes
# from.

parts = {
    "no recurrence": spread.spikes_uncoupled.total,
    "delay bank": spread.spikes_bank.total,
    "network": spread.spikes.total,
}
fig, ax = plt.subplots(figsize=(3.5, 1.6))
ax.barh(list(parts), list(parts.values()), color=["0.7", "C1", "C0"])
ax.set_xlabel("Memory capacity (values of 20 ms)")
plt.show()
