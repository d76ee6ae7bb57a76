"""
Training by gradients
=====================

You will learn how the links and time constants of a reservoir are trained by surrogate gradients in PyTorch, and how the
trained network compares with its untrained self and with a network that is trained without recurrent links.
"""

import matplotlib.pyplot as plt
import numpy as np

from hrsnn import ReservoirSpec, build
from hrsnn.analysis import figures
from hrsnn.analysis.protocols.gradient_training import train_and_classify
from hrsnn.tasks import load_task
from hrsnn.training import TrainingOptions

plt.style.use("hrsnn.analysis.figures.hrsnn")

# %%
# Task and network
# ----------------
#
# Two spike patterns, 50 ms apart; the first is to be named from the filtered spikes at the end. The network is so small that
# a readout alone does not solve the task; steps of 1 ms make it fast.

task = load_task("templates", gap=50).subset(train=120, test=200)
spec = ReservoirSpec(neurons=20, dt=1)


def reservoir(channels):
    return build(spec, seed=1, channels=channels)


# %%
# What learns
# -----------
#
# Recurrent and input weights (which stay positive: Dale's law), membrane time constants, and the readout. 30 % of the
# training samples choose the epoch. Controls: the same network of which only the readout learns, and the network without
# recurrent links, trained in the same way.

learn = ("recurrent", "inputs", "tau_m", "readout")
options = TrainingOptions(epochs=4, read="final", learning_rate=0.02)
found = train_and_classify(task, reservoir, learn, options, controls=("readout_only", "no_recurrence"))
for name, accuracy in {"trained": found.accuracy, **found.baselines}.items():
    print(f"{name:15s} {accuracy:.2f}")

epochs = found.training.epochs
names = ("train_loss", "validation_loss", "train_score", "validation_score")
curves = ([getattr(one, name) for one in epochs] for name in names)
figures.training_curves(*curves, best=found.training.best, chance=0.5, figure=plt.figure(figsize=(4, 3)))
plt.show()

# %%
# Epoch 0 is the network before training. Without recurrent links the first pattern is forgotten, and training
# cannot bring it back.
#
# What has changed
# ----------------
#
# What comes back is an ordinary ``Reservoir``: save it, prune it, simulate it with any engine.

before, after = found.initial, found.network
print(after, f"{found.rates.mean_rate:.1f} Hz")
print("largest change of tau_m", np.round(np.abs(after.tau_m / before.tau_m - 1).max(), 3))

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
excitatory = before.is_excitatory[before.pre]
for chosen, colour, label in ((excitatory, "C0", "E"), (~excitatory, "C1", "I")):
    left.scatter(before.weight[chosen], after.weight[chosen], s=6, c=colour, label=label)
left.axline((0, 0), slope=1, color="0.5", linewidth=0.6)
left.set(xlabel="Weight before training (mV)", ylabel="Weight after training (mV)")
left.legend()
figures.times_before_after(before.tau_m, after.tau_m, before.is_excitatory, r"$\tau_m$", ax=right)
plt.show()

# %%
# The accuracies beside each other. The reservoir of which only the readout learns is the control to beat: with a few dozen
# neurons more it names the patterns as well. ``raw_input`` sees all of the sample and need not remember. One network of one
# seed is an example: ``hrsnn train --seeds 5`` gives means with intervals, and differences from each control.

fig, ax = plt.subplots()
figures.scores_bar({"trained": found.accuracy}, found.baselines, chance=0.5, ax=ax)
plt.show()
