"""
Pruning a connectome
====================

You will learn how a table of synapses becomes a network, how its memory is measured, and whether it matters which links a
pruning method removes: the same number of links is removed by drive and at random.
"""

import matplotlib.pyplot as plt
import numpy as np

from hrsnn import Currents, Reservoir, ReservoirSpec
from hrsnn.analysis import at_rate
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.exchange import from_edge_table
from hrsnn.networks import DrivePruning, RandomPruning, prune
from hrsnn.tasks import load_task

plt.style.use("hrsnn.analysis.figures.hrsnn")

# %%
# A table of synapses
# -------------------
#
# One row a link: the names of two neurons and the number of their synapses, negative from inhibitory neurons. This table is
# drawn at random, with more links between near neurons. For a file with the columns source, target and weight write
# ``graph = hrsnn.networks.read_graph("synapses.csv")`` instead; every line below stays.

random = np.random.default_rng(0)
count = 150
names = [f"N{k:03d}" for k in range(count)]
inhibitory = np.arange(count) % 5 == 4
places = random.uniform(0, 1, (count, 2))  # mm
distance = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
linked = (random.random((count, count)) < 0.5 * np.exp(-((distance / 0.15) ** 2))) & (distance > 0)
source, target = np.nonzero(linked)
synapses = random.geometric(0.3, len(source)) * np.where(inhibitory[source], -1, 1)
table = {
    "source": [names[k] for k in source],
    "target": [names[k] for k in target],
    "synapses": synapses.tolist(),
}
graph = from_edge_table(table, weight="synapses")

# %%
# The network
# -----------
#
# What the table does not say (time constants, delays, input links) is drawn from the spec. ``graph_weights="log"`` makes
# weights proportional to log(1 + synapses), and ``at_rate`` multiplies them by the one factor with which the network fires
# at 8 Hz under random input.

noise = Currents(np.random.default_rng(1).uniform(-1, 1, (1, 500, 1)), dt=20)
drawn = Reservoir.from_graph(graph, ReservoirSpec(graph_weights="log"), seed=1)
matched = at_rate(drawn, "weights", noise, 8.0, seed=1)
connectome = matched.network
print(connectome)
print(f"factor on weights {matched.factor:.2f}")

# %%
# Pruning
# -------
#
# Four iterations leave 30 % of the links. ``DrivePruning`` keeps for each neuron the links that drive it most;
# ``RandomPruning`` is the control. With ``restore="bias"`` each neuron gets back the mean input that it lost as a bias.
# Neurons keep their names.

settings = {"iterations": 4, "synapse_target": 0.7, "neuron_target": 0.0, "restore": "bias"}
by_drive = prune(connectome, DrivePruning(), **settings)
at_random = prune(connectome, RandomPruning(), **settings)
print(by_drive.reservoir.labels[:3], [record.links for record in by_drive.records])

# %%
# Memory of each, beside that of the same network without recurrent links, and of its delay bank:

task = load_task("memory", values=2000)
options = RunOptions(max_delay=30)
found = {}
networks = {"dense": connectome, "by drive": by_drive.reservoir, "at random": at_random.reservoir}
for name, network in networks.items():
    run = task_scores(
        lambda channels, network=network: network,
        task,
        options,
        scores=("memory_capacity",),
        baselines=("no_recurrence", "delay_bank"),
    )
    controls = run.baselines["memory_capacity"]
    found[name] = (run.scores["memory_capacity"], controls["no_recurrence"], controls["delay_bank"])
    print(f"{name:10s} {network.synapses:4d} links {run.rates.mean_rate:5.1f} Hz", end="  ")
    print("memory {:.1f}, no recurrence {:.1f}, delay bank {:.1f}".format(*found[name]))

fig, ax = plt.subplots()
positions = np.arange(len(found))
labels = ("network", "no recurrence", "delay bank")
for k, (label, colour) in enumerate(zip(labels, ("C0", "0.7", "C1"), strict=True)):
    ax.bar(positions + 0.27 * (k - 1), [one[k] for one in found.values()], 0.25, color=colour, label=label)
ax.set_xticks(positions, list(found))
ax.set_ylabel("Memory capacity (values)")
fig.legend(loc="outside upper center", ncols=3)
plt.show()

# %%
# Which links are left, in the plane in which the neurons were placed:

fig, axes = plt.subplots(1, 2, figsize=(7, 3.4), sharex=True, sharey=True)
places_of = dict(zip(names, places, strict=True))
for ax, name in zip(axes, ("dense", "by drive"), strict=True):
    network = networks[name]
    ends = np.array([places_of[label] for label in network.labels])
    for pre, post in zip(network.pre, network.post, strict=True):
        colour = "C0" if network.is_excitatory[pre] else "C1"
        ax.plot(*ends[[pre, post]].T, color=colour, linewidth=0.3)
    ax.scatter(*ends.T, s=6, c="black", zorder=3)
    ax.set(title=f"{name}, {network.synapses} links", xlabel="x (mm)", ylabel="y (mm)", aspect="equal")
plt.show()

# %%
# With the same number of links, those chosen by drive remember more than those chosen at random, at nearly the same rate,
# and most of what the dense network remembers. The delay bank, which has the same delays and no recurrent link, remembers
# more than all three: this wiring, drawn at random and scaled to a low rate, is no good memory.
#
# One network and one seed are an example, not a result: ``hrsnn compare --graph FILE --methods drive random --seeds 10
# --score memory`` has means and intervals. Always compare the rates too: a network that fires more has more to remember
# with.
