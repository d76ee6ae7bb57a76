"""
A first reservoir
=================

You will learn how to build a reservoir, send spikes through it, look at what it does, and train a readout that names what
the input was a while ago. The score stands beside those of three controls.
"""

import matplotlib.pyplot as plt
import numpy as np

from hrsnn import ReservoirSpec, build, simulate
from hrsnn.analysis import figures
from hrsnn.analysis.protocols import classify
from hrsnn.tasks import load_task

plt.style.use("hrsnn.analysis.figures.hrsnn")

# %%
# A network
# ---------
#
# A ``ReservoirSpec`` says how networks are drawn: sizes, distributions of time constants, delays and weights. The defaults
# are those of a network that remembers for longer than its delays. ``build`` draws one; the same seed gives the same
# network.

spec = ReservoirSpec(neurons=200)
reservoir = build(spec, seed=1, channels=2)
print(reservoir)

fig, ax = plt.subplots()
figures.time_constants(reservoir.tau_m, reservoir.is_excitatory, ax=ax)
plt.show()

# %%
# The membrane time constants are heterogeneous, and those of inhibitory neurons are shorter on average.
#
# Input
# -----
#
# The task ``templates`` shows two spike patterns, one after the other, with a gap of 200 ms. Each is one of two templates
# with jittered spikes. At the end, the *first* pattern is to be named: it is over long before the network is read.

task = load_task("templates", gap=200).subset(train=200, test=200)
stimuli = task.encoded().x_test
reservoir = build(spec, seed=1, channels=stimuli.n_channels)
activity = simulate(reservoir, stimuli)
print(stimuli)
print(f"mean rate {activity.rates.mean():.1f} Hz")

# %%
# Spikes of the first stimulus: the input above, the network below, excitatory neurons below inhibitory ones, with the mean
# rates of both. Every figure of several panels, such as ``spike_raster``, can be drawn into a part of a figure of your own.

times, channels = stimuli.sample(0)
duration = stimuli.durations[0]

fig = plt.figure(figsize=(3.5, 4.2))
above, below = fig.subfigures(2, 1, height_ratios=(1, 2.6))
ax = above.subplots()
ax.scatter(times, channels, s=2, c="black", marker="|")
ax.set(ylabel="Channel", xlim=(0, duration))
figures.spike_raster(*activity.spikes.sample(0), reservoir.is_excitatory, duration, figure=below)
plt.show()

# %%
# A readout and its controls
# --------------------------
#
# ``classify`` simulates all samples and fits a logistic regression to what it sees of the network. With
# ``states="final"`` these are the filtered spikes at the end of each sample, so that the network has to remember. Three
# controls say what the recurrent links are worth:
#
# - ``no_recurrence``: the same network without recurrent links,
# - ``delay_bank``: no recurrent links either, but delays on the input links,
# - ``encoder_counts``: the filtered spikes of the input itself, at the end.

baselines = ("no_recurrence", "delay_bank", "encoded_input")
found = classify(task, spec, seed=1, states="final", plastic=False, baselines=baselines)
scores = {"network": found.accuracy, **found.baselines}
for name, accuracy in scores.items():
    print(f"{name:15s} {accuracy:.3f}")

fig, ax = plt.subplots()
figures.scores_bar({"network": found.accuracy}, found.baselines, chance=0.5, ax=ax)
plt.show()

# %%
# Without recurrent links the network has forgotten the first pattern: its accuracy is near chance. With them it names the
# pattern. So does the delay bank, in which the first pattern is still under way at the end: this task needs memory, but it
# does not tell recurrent links from delays. The example on delays and memory has a task that does.

print("recurrent links gain", np.round(found.accuracy - found.baselines["no_recurrence"], 3))
