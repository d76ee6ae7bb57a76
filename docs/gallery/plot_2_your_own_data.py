"""
Your own data
=============

You will learn how a table becomes a forecast and how labelled series become a classification, in each case beside the
models that a network has to beat. The data are made here, so that the example runs anywhere; replace the two files by
yours.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from hrsnn import ReservoirSpec
from hrsnn.analysis import figures
from hrsnn.analysis.protocols import classify, forecast
from hrsnn.tasks import open_task

plt.style.use("hrsnn.analysis.figures.hrsnn")
folder = Path(tempfile.mkdtemp())
random = np.random.default_rng(1)

# %%
# A table
# -------
#
# One row a time, one column a quantity. Here wind speed follows a day's rhythm with slow gusts, and a turbine's power is the
# cube of the mean speed of the past hour, bounded by the rated power.

rows = np.arange(1600)  # ten minutes each
gusts = np.zeros(len(rows))
for k in rows[1:]:
    gusts[k] = 0.97 * gusts[k - 1] + random.normal(0, 0.35)
speed = np.clip(8 + 2 * np.sin(2 * np.pi * rows / 144) + gusts, 0, None)  # m/s
power = np.clip(np.convolve(speed, np.ones(6) / 6)[: len(rows)] / 12, 0, 1) ** 3  # of the rated power
table = folder / "wind.csv"
lines = ["minute,speed,power", *(f"{10 * k},{a:.3f},{b:.4f}" for k, a, b in zip(rows, speed, power, strict=True))]
table.write_text("\n".join(lines))

task = open_task(table, column="speed", target="power+1")
print(task)

# %%
# Forecast
# --------
#
# The network gets the speed as a current, each value for 20 ms, and a ridge readout of its filtered spikes gives the power
# one row ahead. NRMSE is the error over the standard deviation of the target: 0 is perfect, 1 is the error of the mean.

found = forecast(task, ReservoirSpec(neurons=200), seed=1)
errors = {
    "network": found.nrmse,
    "no recurrence": found.nrmse_uncoupled,
    "delay bank": found.nrmse_bank,
    **{name.replace("_", " "): error for name, error in found.baselines.items()},
}
for name, error in sorted(errors.items(), key=lambda one: one[1]):
    print(f"{name:22s} {error:.3f}")

hours = np.arange(150) / 6
shown = found.target[:150], found.prediction[:150], ["Power (sd)"]
figures.forecast_series(hours, *shown, time_label="Time (h)", figure=plt.figure(figsize=(3.5, 2.2)))
plt.show()

# %%
# Recurrent links lower the error: the power depends on the speeds of the past hour, which they remember. But so does the
# delay bank, and two models are better than the network: an echo state network, whose units have no spikes, and the last
# value, which sees the power of this row where the others see the speed alone. On smooth series the noise of single spikes
# limits what a readout of a spiking network can reach. Read the whole list before you use a network.
#
# Labelled series
# ---------------
#
# An ``.npz`` file with ``x`` (samples, times, channels) and ``y`` is a classification. Here the values of the first 80 ms
# are shifted up or down, 150 ms of random values follow, and the direction is to be named at the end.

labels = np.arange(240) % 2
series = random.uniform(-1, 1, (240, 23, 1))  # 23 values of 10 ms
series[:, :8, 0] += np.where(labels, 1, -1)[:, None]
arrays = folder / "shifts.npz"
np.savez(arrays, x=series, y=np.array(["down", "up"])[labels])

shifts = open_task(arrays, content="series")
baselines = ("raw_input", "no_recurrence", "delay_bank")
named = classify(shifts, ReservoirSpec(neurons=200), seed=1, states="final", plastic=False, baselines=baselines)
for name, accuracy in {"network": named.accuracy, **named.baselines}.items():
    print(f"{name:15s} {accuracy:.3f}")

fig, ax = plt.subplots()
controls = dict(sorted(named.baselines.items(), key=lambda one: -one[1]))
figures.scores_bar({"network": named.accuracy}, controls, chance=0.5, ax=ax)
plt.show()

# %%
# Without recurrent links the direction is forgotten. The delay bank remembers it, and so does the baseline ``raw_input``,
# which sees means in five windows of the whole sample and has no need to remember; the network is read at the end only. On
# the command line the same two are ``hrsnn forecast wind.csv`` and ``hrsnn classify shifts.npz``, with the arguments of
# ``open_task`` as ``--task-option``.
