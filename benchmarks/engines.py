"""Run times of all engines on the same networks: microseconds per step, and ratios to the compiled engine.

    python benchmarks/engines.py [--neurons 1000 5000] [--links random5 random25 distance] [--delays step long] [--seconds 2]

The networks are driven only by their bias (i_bias above threshold), so that engines without this package's input can run
them, and their links take one time step, or for each neuron a delay uniform from 1 to 200 ms: C++ standalone runs the same
Brian2 network, and NEST, if installed (`pip install hrsnn[bench]`), a network of iaf_psc_exp neurons with the same links,
weights, delays and time constants, and stdp_synapse on its excitatory links. Where weights are fixed, its spikes are those
of the compiled engine, which is checked before anything is timed. With STDP the rules differ, and a comparison is valid at
equal rates only: they are printed. Engines run in separate processes, in turns: "us/step" is the
median over the turns, without set-up, and "x compiled" the median of the ratios within a turn, so that other load on the
machine affects all alike. "+build" is the time for code generation and compilation before the first step of a new process.
One thread each.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LINKS = {
    "random5": {"connectivity": "random", "connection_probability": 0.05},
    "random25": {"connectivity": "random", "connection_probability": 0.25},
    "distance": {"connectivity": "distance"},
    "in_degree": {"connectivity": "in_degree"},
}
DELAYS = ("step", "long")
_MARK = "\x1e"  # marks lines of output for this script
ENGINES = ("compiled", "brian2-cython", "brian2-numpy", "standalone", "nest")


def network(neurons: int, links: str, delays: str) -> Any:
    """Build the reservoir that all engines run."""
    from hrsnn import ReservoirSpec, Uniform, build

    spec = ReservoirSpec.preset("dense")
    delay = spec.dt if delays == "step" else Uniform(1, 200)
    changes = {"i_bias": Uniform(13, 19), "v_start": Uniform(5, 15), "homeostasis": False, **LINKS[links]}
    spec = spec.updated({"neurons": neurons, "delay_exc": delay, "delay_inh": delay, **changes})
    return build(spec, seed=1, channels=1)


Run = Callable[[], tuple[float, float]]  # wall-clock seconds without set-up, rate in Hz


def ours(reservoir: Any, seconds: float, plastic: bool, engine: str) -> Run:
    from hrsnn import SpikeTrains, simulate

    def timed(duration: float) -> tuple[float, float]:
        began = time.perf_counter()
        nothing = SpikeTrains([], [], [0, 0], 1, duration)
        activity = simulate(reservoir, nothing, plastic=plastic, engine=engine, record=())
        return time.perf_counter() - began, float(activity.rates.mean())

    def run() -> tuple[float, float]:
        overhead, _ = timed(5.0)
        took, rate = timed(seconds * 1000 + 5)
        return took - overhead, rate

    timed(5.0)
    return run


def standalone(reservoir: Any, seconds: float, plastic: bool) -> Run:
    import brian2

    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    brian2.prefs.codegen.cpp.extra_compile_args = ["-w", "-O3", "-std=c++11", "-march=native", "-ffp-contract=off"]
    brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    live = reservoir.to_brian2(plastic=plastic)
    spikes = brian2.SpikeMonitor(live["neurons"], record=False)
    live.add(spikes)
    live.run(seconds * brian2.second)
    brian2.device.build(directory=folder, compile=True, run=False, debug=False)

    def run() -> tuple[float, float]:
        brian2.device.run(folder, with_output=False)
        return brian2.device._last_run_time, spikes.num_spikes / reservoir.neurons / seconds

    return run


def nest(reservoir: Any, seconds: float, plastic: bool) -> Run:
    import nest as simulator
    import numpy as np

    checked: list[bool] = []

    def run() -> tuple[float, float]:
        simulator.ResetKernel()
        simulator.verbosity = simulator.VerbosityLevel.ERROR
        simulator.SetKernelStatus({"resolution": reservoir.dt, "local_num_threads": 1})
        cells = simulator.Create("iaf_psc_exp", reservoir.neurons)
        # with C_m = tau_m a current in pA is the same number in mV here; NEST fires at the threshold and here above it; a
        # neuron is updated again t_ref + dt after its spike there, and here after the refractory period
        steps = np.maximum(np.rint(reservoir.refractory / reservoir.dt), 1)
        cells.set(
            [
                {
                    "C_m": float(reservoir.tau_m[i]),
                    "tau_m": float(reservoir.tau_m[i]),
                    "tau_syn_ex": float(reservoir.tau_exc[i]),
                    "tau_syn_in": float(reservoir.tau_inh[i]),
                    "E_L": float(reservoir.v_rest[i]),
                    "V_th": float(np.nextafter(reservoir.v_threshold[i], np.inf)),
                    "V_reset": float(reservoir.v_reset[i]),
                    "V_m": float(reservoir.v_start[i]),
                    "t_ref": float((steps[i] - 1) * reservoir.dt),
                    "I_e": float(reservoir.i_bias[i]),
                }
                for i in range(reservoir.neurons)
            ]
        )
        ids = np.array(cells.tolist())
        excitatory = reservoir.is_excitatory[reservoir.pre]
        for kind, model in ((True, "stdp_synapse" if plastic else "static_synapse"), (False, "static_synapse")):
            here = excitatory == kind
            weight = (1 if kind else -1) * reservoir.weight[here]
            delay = np.maximum(np.rint(reservoir.delay[here] / reservoir.dt), 1) * reservoir.dt
            options = {"synapse_model": model, "weight": weight, "delay": delay}
            if model == "stdp_synapse":
                # NEST's rule is in units of Wmax: lambda w_max potentiation, alpha lambda w_max depression, additive
                options |= {
                    "Wmax": reservoir.w_max[here],
                    "lambda": reservoir.recurrent.a_plus[here] / reservoir.w_max[here],
                    "alpha": reservoir.recurrent.a_minus[here] / reservoir.recurrent.a_plus[here],
                    "tau_plus": reservoir.recurrent.tau_plus[here],
                    "mu_plus": np.zeros(here.sum()),
                    "mu_minus": np.zeros(here.sum()),
                }
            simulator.Connect(ids[reservoir.pre[here]], ids[reservoir.post[here]], "one_to_one", options)
        recorder = simulator.Create("spike_recorder", params={"time_in_steps": True})
        simulator.Connect(cells, recorder, syn_spec={"delay": reservoir.dt})
        simulator.Prepare()
        simulator.Run(5.0)
        began = time.perf_counter()
        simulator.Run(seconds * 1000)
        took = time.perf_counter() - began
        simulator.Cleanup()
        if not plastic and not checked:
            check_spikes(reservoir, recorder.events, seconds * 1000)
            checked.append(True)
        return took, recorder.n_events / reservoir.neurons / (seconds + 0.005)

    return run


def check_spikes(reservoir: Any, events: Any, duration: float) -> None:
    """Check that the spikes of NEST before `duration` (ms) are those of the compiled engine."""
    import numpy as np

    from hrsnn import SpikeTrains, simulate

    wanted = simulate(reservoir, SpikeTrains([], [], [0, 0], 1, duration), engine="compiled").spikes
    # a spike of NEST has the time of the end of its step, and its neurons are counted from 1
    step, neuron = np.asarray(events["times"]) - 1, np.asarray(events["senders"]) - 1
    order = np.lexsort((neuron, step))
    order = order[step[order] * reservoir.dt < duration - 1e-9]
    if not (
        len(order) == wanted.n_spikes
        and np.array_equal(step[order], np.rint(wanted.times / reservoir.dt))
        and np.array_equal(neuron[order], wanted.channels)
    ):
        raise RuntimeError(f"NEST has other spikes than the compiled engine: {len(order)}, not {wanted.n_spikes}")


def serve(engine: str, neurons: int, links: str, delays: str, plastic: bool, seconds: float) -> None:
    """Prepare one engine, and run it once for every line of standard input."""
    reservoir = network(neurons, links, delays)
    began = time.perf_counter()
    if engine == "standalone":
        run = standalone(reservoir, seconds, plastic)
    elif engine == "nest":
        run = nest(reservoir, seconds, plastic)
    else:
        run = ours(reservoir, seconds, plastic, engine)
    print(_MARK + json.dumps(time.perf_counter() - began), flush=True)
    for _ in sys.stdin:
        print(_MARK + json.dumps(run()), flush=True)


class Worker:
    """Process of one engine."""

    def __init__(self, engine: str, neurons: int, links: str, delays: str, plastic: bool, seconds: float) -> None:
        self.engine = engine
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--one", json.dumps([engine, neurons, links, delays, plastic, seconds])],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.build = self._answer()

    def run(self) -> list[float]:
        """Return seconds and rate of one run."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer: list[float] = self._answer()
        return answer

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        for line in self._process.stdout:  # engines may print other lines
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        self._errors.seek(0)
        raise RuntimeError((self._errors.read().strip().splitlines() or ["it stopped"])[-1])

    def close(self) -> None:
        self._process.communicate()


def block(
    engines: list[str], neurons: int, links: str, delays: str, plastic: bool, seconds: float, repeats: int
) -> list[dict[str, Any]]:
    """Run one network on all engines, in turns."""
    label = f"{neurons:>8} {links:<10}{delays:<7}{'plastic' if plastic else 'frozen':<8}"
    workers = []
    for engine in engines:
        try:
            workers.append(Worker(engine, neurons, links, delays, plastic, seconds))
        except RuntimeError as error:
            print(f"{label}{engine:<15} not measured: {error}", flush=True)
    turns = [[worker.run() for worker in workers] for _ in range(repeats)]
    rows = []
    for k, worker in enumerate(workers):
        took = statistics.median(turn[k][0] for turn in turns)
        ratio = statistics.median(turn[k][0] / turn[0][0] for turn in turns)
        step = took / (seconds * 2000) * 1e6
        print(f"{label}{worker.engine:<15}{step:>9.1f}{ratio:>11.1f}{turns[0][k][1]:>9.1f}{worker.build:>9.1f}", flush=True)
        about = {"neurons": neurons, "links": links, "delays": delays, "plastic": plastic, "engine": worker.engine}
        rows.append({**about, "us": step, "ratio": ratio, "rate": turns[0][k][1], "build": worker.build})
        worker.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--links", nargs="+", choices=LINKS, default=["random5", "random25", "distance"])
    parser.add_argument("--delays", nargs="+", choices=DELAYS, default=["step"])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--stdp", choices=("off", "on", "both"), default="both")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--save", type=Path, help="write the rows to this JSON file, for engine_figures.py")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if arguments.one:
        serve(*json.loads(arguments.one))
        return
    print(
        f"{'neurons':>8} {'links':<10}{'delays':<7}{'STDP':<8}{'engine':<15}"
        f"{'us/step':>9}{'x compiled':>11}{'rate Hz':>9}{'+build s':>9}"
    )
    rows = []
    for neurons in arguments.neurons:
        for links in arguments.links:
            for delays in arguments.delays:
                for plastic in {"off": (False,), "on": (True,), "both": (False, True)}[arguments.stdp]:
                    rows += block(arguments.engines, neurons, links, delays, plastic, arguments.seconds, arguments.repeats)
    if arguments.save:
        from hrsnn.files.writing import write_json

        write_json(arguments.save, rows)


if __name__ == "__main__":
    main()
