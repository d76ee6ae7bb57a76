"""
Order and chaos
===============

You will learn how the Lyapunov exponents of a spiking network are computed, how they depend on its weights, and why a
negative largest exponent does not mean that the network forgets its initial state.
"""

import matplotlib.pyplot as plt
import numpy as np

from hrsnn import Currents, ReservoirSpec, build
from hrsnn.analysis import largest_lyapunov, lyapunov_spectrum, transient_length
from hrsnn.analysis.protocols import chaos

plt.style.use("hrsnn.analysis.figures.hrsnn")

# %%
# The spectrum
# ------------
#
# Two copies of a network get the same input and start from slightly different states; the largest exponent is the rate at
# which their distance grows or shrinks. Event by event, in continuous time, the whole spectrum follows from the derivative
# of each spike's time. Two trajectories are an independent check, and much less precise. The preset ``dense`` has no
# delays.

spec = ReservoirSpec.preset("dense", neurons=100)
reservoir = build(spec, seed=1)
stimulus = Currents(np.random.default_rng(1).uniform(-1, 1, (1, 150, 1)), dt=20.0)
spectrum = lyapunov_spectrum(reservoir, stimulus)
other_way = largest_lyapunov(reservoir, stimulus)
print(f"{len(spectrum.exponents)} exponents, {spectrum.rate:.1f} Hz")
print(f"largest, from the tangent       {spectrum.largest:7.2f} +- {spectrum.standard_error[0]:.2f} per s")
print(f"largest, from two trajectories  {other_way.exponent:7.2f} +- {other_way.standard_error:.2f} per s")

# %%
# Weights
# -------
#
# The same networks with weights from zero to twice the default. The control has no recurrent links: its largest exponent is
# that of the slowest membrane, -1/tau_m, whatever the scale.

scales = [0.0, 1.25, 2.5, 3.75, 5.0, 6.25, 7.5, 10.0]
largest, uncoupled, rates = [], [], []
for scale in scales:
    of_seeds = [chaos(spec.updated({"weight_scale": scale}), seed=seed, duration=1000.0, count=5) for seed in range(3)]
    largest.append([one.spectrum.largest for one in of_seeds])
    uncoupled.append([one.uncoupled.largest for one in of_seeds])
    rates.append([one.spectrum.rate for one in of_seeds])
    print(f"scale {scale:5.2f}  {np.mean(rates[-1]):5.1f} Hz  largest", *(f"{one:6.1f}" for one in largest[-1]), "per s")

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6), sharey=True)
left.plot(scales, largest, "o", color="C0")
left.plot(scales, np.mean(largest, axis=1), color="C0", label="network (three seeds)")
left.plot(scales, np.mean(uncoupled, axis=1), "--", color="0.5", label="no recurrence")
left.axhline(0, color="black", linewidth=0.6)
left.set(xlabel="Weight scale", ylabel="Largest exponent (1/s)")
left.legend()
right.plot(np.ravel(rates), np.ravel(largest), "o", color="C0")
right.axhline(0, color="black", linewidth=0.6)
right.set_xlabel("Mean rate (Hz)")
plt.show()

# %%
# Weak links contract as the membranes do. Stronger links bring the exponent up, and it becomes positive at rates above
# those of the default.
#
# The whole spectrum
# ------------------
#
# On the left all exponents, largest first; on the right how the estimates of the first six settle. Above the network, below
# the same neurons without recurrent links.

bare = lyapunov_spectrum(reservoir.without_recurrence(), stimulus)

fig = plt.figure(figsize=(3.5, 4))
for part, name, of in zip(fig.subfigures(2, 1), ("network", "no recurrence"), (spectrum, bare), strict=True):
    part.suptitle(name, fontsize=8)
    of.plot(figure=part)
plt.show()

# %%
# Stable is not forgetful
# -----------------------
#
# An exponent is about changes so small that spikes keep their order. Here the same network starts from rest and from four
# sets of random membrane potentials, under the same input of three seconds: after how long are all spikes the same?

for scale in (0.0, 2.5, 5.0):
    network = build(spec.updated({"weight_scale": scale}), seed=1)
    length = transient_length(network, stimulus)
    print(f"scale {scale:3.1f}  " + (f"the same after {length / 1000:.1f} s" if np.isfinite(length) else "still different"))

# %%
# Without recurrent links the network forgets where it started within seconds, and so it does with weak ones. At the default
# weights the largest exponent is negative and the spikes stay different: use ``transient_length`` in addition to the
# exponent before you call a spiking network ordered.
