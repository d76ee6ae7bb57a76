"""The engine torch beside snnTorch and Norse on the same network: the same spikes, and the time that they take.

    make bench-rivals          or: python benchmarks/torch_rivals.py [--neurons 200 1000] [--batches 1 16 256] [--repeats 3]

All three run the same map from step to step: one synaptic current, equal time constants, no bias, no delays, random links.
Their equations differ from ours by the factor of a current, which is put into the weights, and by what a step is: the state
after a step of snnTorch's RSynaptic and Norse's LIFRecurrentCell is ours one step later. RSynaptic sets a neuron that spiked
to 0 in the next step, which is a refractory period of two steps here; Norse's has none. Theirs multiply with dense matrices;
ours follows the links, or multiplies in float32 from a density of 0.2 on. Spikes are compared in float64 and must be the
same. Times are processor times of one thread without gradients, the least of some repeats in turns; ours includes the
stimuli's way to the grid and the spikes' way back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from torch_engine import least

from hrsnn import Reservoir, ReservoirSpec, SpikeTrains, build, simulate_population
from hrsnn.engines.propagators import propagators

CHANNELS, STEPS = 20, 200
#: Rival, with the steps of refractoriness that it has.
RIVALS = {"snnTorch": 2.0, "Norse": 0.0}
WIDTHS = (10, 6, 7, 6, 10, 10, 10, 10, 7, 7)
Rival = Callable[[torch.Tensor], torch.Tensor]  # (steps, M, channels) to spikes (steps, M, N)


def network(neurons: int, hold: float, density: float) -> Reservoir:
    changes = dict.fromkeys(("i_bias", "v_rest", "v_reset", "v_start", "delay_exc", "delay_inh"), 0)
    spec = ReservoirSpec(neurons=neurons, dt=1.0).updated(
        {
            **changes,
            "tau_m_exc": 20,
            "tau_m_inh": 20,
            "tau_exc": 5,
            "tau_inh": 5,
            "refractory_exc": hold,
            "refractory_inh": hold,
        }
    )
    spec = spec.updated(
        {"connectivity": "random", "connection_probability": density, "input_fraction": 1, "input_weight": 36}
    )
    return build(spec, seed=0, channels=CHANNELS)


def matrices(reservoir: Reservoir, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Return recurrent and input weights (targets, sources), times the factor of a current in v."""
    n, factor = reservoir.neurons, propagators(reservoir).exc_to_v
    recurrent, inputs = np.zeros((n, n)), np.zeros((n, reservoir.channels))
    sign = np.where(reservoir.is_excitatory[reservoir.pre], 1.0, -1.0)
    recurrent[reservoir.post, reservoir.pre] = sign * reservoir.weight
    inputs[reservoir.input_post, reservoir.input_channel] = reservoir.input_weight
    return torch.tensor(recurrent * factor[:, None], dtype=dtype), torch.tensor(inputs * factor[:, None], dtype=dtype)


def snntorch_of(reservoir: Reservoir, dtype: torch.dtype) -> Rival:
    import snntorch

    p = propagators(reservoir)
    recurrent, inputs = matrices(reservoir, dtype)
    cell = snntorch.RSynaptic(
        alpha=torch.tensor(p.decay_exc, dtype=dtype),
        beta=torch.tensor(p.membrane, dtype=dtype),
        linear_features=reservoir.neurons,
        threshold=float(reservoir.v_threshold[0]),
        reset_mechanism="zero",
        # its own step returns float32
        spike_grad=None if dtype == torch.float32 else lambda excess: (excess > 0).to(excess.dtype),
    ).to(dtype)
    cell.recurrent.weight.copy_(recurrent)
    cell.recurrent.bias.zero_()

    def run(given: torch.Tensor) -> torch.Tensor:
        spk, syn, mem = (torch.zeros((given.shape[1], reservoir.neurons), dtype=dtype) for _ in range(3))
        found = []
        for one in given:
            spk, syn, mem = cell(one @ inputs.T, spk, syn, mem)
            found.append(spk)
        return torch.stack(found)

    return run


def norse_of(reservoir: Reservoir, dtype: torch.dtype) -> Rival:
    from norse.torch.functional.lif import LIFParameters
    from norse.torch.module.lif import LIFRecurrentCell

    p = propagators(reservoir)
    leak = torch.tensor(1 - p.membrane, dtype=dtype)
    recurrent, inputs = matrices(reservoir, dtype)
    zero = torch.zeros((), dtype=dtype)
    cell = LIFRecurrentCell(
        CHANNELS,
        reservoir.neurons,
        LIFParameters(
            tau_syn_inv=torch.tensor(1 - p.decay_exc, dtype=dtype),
            tau_mem_inv=leak,
            v_leak=zero,
            v_th=torch.tensor(reservoir.v_threshold, dtype=dtype),
            v_reset=zero,
        ),
        input_weights=inputs / leak[:, None],
        recurrent_weights=recurrent / leak[:, None],
        dt=1.0,
    )

    def run(given: torch.Tensor) -> torch.Tensor:
        state, found = None, []
        for one in given:
            spikes, state = cell(one, state)
            found.append(spikes)
        return torch.stack(found)

    return run


MAKERS = {"snnTorch": snntorch_of, "Norse": norse_of}


def stimuli(samples: int) -> tuple[SpikeTrains, torch.Tensor]:
    """Return one spike at most in a step of each channel, as trains and as a tensor (steps, M, channels)."""
    dense = np.random.default_rng(1).random((samples, STEPS, CHANNELS)) < 0.02
    return SpikeTrains.from_dense(dense.astype(float), 1.0), torch.tensor(dense.transpose(1, 0, 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--density", type=float, default=0.05)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{STEPS} steps, density {arguments.density:g}; ms a step of the whole batch")
    heads = ("rival", "N", "batch", "Hz", "rival 64", "ours 64", "rival 32", "ours 32", "x 64", "x 32")
    print("".join(f"{head:>{width}}" for head, width in zip(heads, WIDTHS, strict=True)))
    with torch.no_grad():
        for name, hold in RIVALS.items():
            for neurons in arguments.neurons:
                compare(name, network(neurons, hold, arguments.density), arguments.batches, arguments.repeats)


def compare(name: str, reservoir: Reservoir, sizes: list[int], repeats: int) -> None:
    rivals = {dtype: MAKERS[name](reservoir, dtype) for dtype in (torch.float64, torch.float32)}
    for samples in sizes:
        trains, given = stimuli(samples)
        (activity,) = simulate_population([reservoir], trains, engine="torch")
        ours = activity.spikes.to_dense(1.0)  # (M, steps, N)
        theirs = rivals[torch.float64](given.double()).numpy().transpose(1, 0, 2)
        assert np.array_equal(ours[:, 1:] > 0, theirs[:, :-1] > 0), f"{name}: other spikes"
        found = least(
            {
                "rival 64": lambda g=given: rivals[torch.float64](g.double()),
                "ours 64": lambda t=trains: simulate_population([reservoir], t, engine="torch", record=()),
                "rival 32": lambda g=given: rivals[torch.float32](g.float()),
                "ours 32": lambda t=trains: simulate_population([reservoir], t, record=(), precision="float32"),
            },
            repeats,
        )
        times = [1000 * one / STEPS for one in found.values()]
        assert activity.spike_count > samples * reservoir.neurons / 10
        rate = activity.spike_count / samples / reservoir.neurons / (STEPS / 1000)
        texts = [name, str(reservoir.neurons), str(samples), f"{rate:.1f}", *(f"{one:.3f}" for one in times)]
        texts += [f"{times[0] / times[1]:.2f}", f"{times[2] / times[3]:.2f}"]
        print("".join(f"{text:>{width}}" for text, width in zip(texts, WIDTHS, strict=True)), flush=True)


if __name__ == "__main__":
    main()
