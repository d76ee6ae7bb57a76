"""Ways to compute recurrent currents in PyTorch, and what torch.compile does to a step of the neurons.

    python benchmarks/torch_products.py [--neurons 200 1000] [--compile]

Microseconds for the currents of one step, on one thread: "links" follows the links of the neurons that spike (the engine, in
float64 always), "csr" multiplies with a sparse matrix, "dense" with one matrix for excitatory and one for inhibitory neurons
(the engine in float32 from a density of 0.2 on). Networks have random links without delays; 1 % of the neurons spike in a
step: 10 Hz at 1 ms. With `--compile`: a step of the neurons as it is, by torch.compile in one piece, and in the two between
which spikes arrive; results are compared. Processor times, the least of five runs each.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.engines.torch.arrivals import Arrivals
from hrsnn.engines.torch.dense import DenseArrivals
from hrsnn.engines.torch.inference import after_spikes, before_spikes
from hrsnn.engines.torch.neurons import Cells, State, cells_of, rest

DTYPES = (torch.float64, torch.float32)
SHARE = 0.01


def least(run: Callable[[], object]) -> float:
    """Return the least time of a call (us of the processor)."""
    began = time.perf_counter()
    run()
    calls = max(1, int(0.05 / (time.perf_counter() - began)))
    times = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(calls):
            run()
        times.append((time.process_time() - began) / calls)
    return 1e6 * min(times)


def network(neurons: int, density: float) -> Reservoir:
    links = {"connectivity": "random", "connection_probability": density, "delay_exc": 0, "delay_inh": 0}
    return build(ReservoirSpec(neurons=neurons, dt=1.0).updated(links), seed=0)


class SparseArrivals:
    """The product with a matrix (2 N, N) in compressed rows."""

    def __init__(self, reservoir: Reservoir, dtype: torch.dtype) -> None:
        n = reservoir.neurons
        excitatory = reservoir.is_excitatory[reservoir.pre]
        matrix = np.zeros((2 * n, n))
        matrix[reservoir.post + n * ~excitatory, reservoir.pre] = np.where(excitatory, 1, -1) * reservoir.weight
        self._matrix = torch.tensor(matrix, dtype=dtype).to_sparse_csr()

    def deliver(self, step: int, spiked: torch.Tensor, currents: torch.Tensor) -> None:
        found = self._matrix @ spiked.to(currents.dtype).T
        currents += found.view(2, spiked.shape[1], -1).transpose(1, 2)


def products(sizes: list[int]) -> None:
    names = [f"{name} {bits}" for bits in (64, 32) for name in ("links", "csr", "dense")]
    print(f"{'N':>6}{'density':>9}{'batch':>7}" + "".join(f"{name:>10}" for name in names))
    for neurons in sizes:
        for density in (0.01, 0.05, 0.1, 0.2, 0.4):
            reservoir = network(neurons, density)
            for batch in (1, 16, 256):
                spiked = torch.rand((batch, neurons), generator=torch.Generator().manual_seed(1)) < SHARE
                spiked[0, 0] = True
                times, sums = [], []
                for dtype in DTYPES:
                    ways = (
                        Arrivals(reservoir, batch, dtype, "cpu"),
                        SparseArrivals(reservoir, dtype),
                        DenseArrivals(reservoir, 1, batch, dtype, "cpu"),
                    )
                    for way in ways:
                        currents = torch.zeros((2, batch, neurons), dtype=dtype)
                        way.deliver(0, spiked, currents)
                        sums.append(currents.double().clone())
                        times.append(
                            least(lambda way=way, spiked=spiked, currents=currents: way.deliver(0, spiked, currents))
                        )
                assert all(torch.allclose(one, sums[0], rtol=1e-4, atol=1e-3) for one in sums)
                print(f"{neurons:>6}{density:>9g}{batch:>7}" + "".join(f"{one:>10.0f}" for one in times), flush=True)


def in_one(state: State, drive: torch.Tensor, step: torch.Tensor, cells: Cells) -> State:
    """Return the state after a step in which nothing arrives."""
    after, spiked, _ = before_spikes(state, drive, step, cells)  # type: ignore[arg-type]
    return after_spikes(after, spiked, step, cells)  # type: ignore[arg-type]


def compiled(sizes: list[int]) -> None:
    names = [f"{name} {bits}" for bits in (64, 32) for name in ("eager", "in one", "in two")]
    print(f"{'N':>6}{'batch':>7}" + "".join(f"{name:>11}" for name in names))
    began = time.perf_counter()
    faster, first, second = (torch.compile(one, dynamic=True) for one in (in_one, before_spikes, after_spikes))

    def in_two(state: State, drive: torch.Tensor, step: torch.Tensor, cells: Cells) -> State:
        after, spiked, _ = first(state, drive, step, cells)
        return second(after, spiked, step, cells)  # type: ignore[no-any-return]

    for neurons in sizes:
        reservoir = network(neurons, 0.05)
        for batch in (1, 16, 256):
            times = []
            for dtype in DTYPES:
                cells, state = cells_of(reservoir, dtype, "cpu"), rest(reservoir, batch, dtype, "cpu")
                given = state, torch.rand((batch, neurons), dtype=dtype), torch.tensor(3), cells
                for way in (in_one, faster, in_two):
                    found = way(*given)
                    assert all(torch.equal(a, b) for a, b in zip(found, in_one(*given), strict=True) if a is not None)
                    times.append(least(lambda way=way, given=given: way(*given)))
            print(f"{neurons:>6}{batch:>7}" + "".join(f"{one:>11.0f}" for one in times), flush=True)
    print(f"{time.perf_counter() - began:.0f} s in all, most of them for compilation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--compile", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        (compiled if arguments.compile else products)(arguments.neurons)


if __name__ == "__main__":
    main()
