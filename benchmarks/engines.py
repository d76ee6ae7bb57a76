"""Every engine on the same networks: microseconds a step, and how many times slower than the compiled engine.

    python benchmarks/engines.py [--neurons 1000 5000] [--links random5 random25 distance] [--seconds 2] [--repeats 5]

The networks are driven by their bias alone (i_bias above threshold), so that an engine without this package's input can run
them: C++ standalone runs the very Brian2 network, and NEST, where it is installed (`pip install hrsnn[bench]`), a
network of iaf_psc_exp neurons with the same links, weights and time constants and stdp_synapse on its excitatory links.
A comparison holds at matched rates only: they are printed. "us/step" is the median of the repeats without set-up;
"+build" is what a fresh process pays before its first step, for code generation and compilation.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LINKS = {
    "random5": {"connectivity": "random", "connection_probability": 0.05},
    "random25": {"connectivity": "random", "connection_probability": 0.25},
    "distance": {},
}
ENGINES = ("compiled", "brian2-cython", "brian2-numpy", "standalone", "nest")


def network(neurons: int, links: str) -> Any:
    """The reservoir that all engines run."""
    from hrsnn import ReservoirSpec, Uniform, build

    spec = ReservoirSpec(neurons=neurons, i_bias=Uniform(13, 19), v_start=Uniform(5, 15), homeostasis=False, **LINKS[links])
    return build(spec, seed=1, channels=1)


def ours(reservoir: Any, seconds: float, plastic: bool, repeats: int, engine: str) -> tuple[list[float], float]:
    from hrsnn import SpikeTrains, simulate

    def run(duration: float) -> Any:
        return simulate(reservoir, SpikeTrains([], [], [0, 0], 1, duration), plastic=plastic, engine=engine, record=())

    run(5.0)
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        run(5.0)
        overhead = time.perf_counter() - began
        began = time.perf_counter()
        activity = run(seconds * 1000 + 5)
        took.append(time.perf_counter() - began - overhead)
    return took, float(activity.rates.mean())


def standalone(reservoir: Any, seconds: float, plastic: bool, repeats: int) -> tuple[list[float], float]:
    import brian2

    with tempfile.TemporaryDirectory() as folder:
        brian2.prefs.codegen.cpp.extra_compile_args = ["-w", "-O3", "-std=c++11", "-march=native", "-ffp-contract=off"]
        brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        live = reservoir.to_brian2(plastic=plastic)
        spikes = brian2.SpikeMonitor(live["neurons"], record=False)
        live.add(spikes)
        live.run(seconds * brian2.second)
        brian2.device.build(directory=folder, compile=True, run=False, debug=False)
        took = []
        for _ in range(repeats):
            brian2.device.run(folder, with_output=False)
            took.append(brian2.device._last_run_time)
        return took, spikes.num_spikes / reservoir.neurons / seconds


def nest(reservoir: Any, seconds: float, plastic: bool, repeats: int) -> tuple[list[float], float]:
    import nest as simulator
    import numpy as np

    took = []
    for _ in range(repeats):
        simulator.ResetKernel()
        simulator.set_verbosity("M_ERROR")
        simulator.SetKernelStatus({"resolution": reservoir.dt, "local_num_threads": 1})
        cells = simulator.Create("iaf_psc_exp", reservoir.neurons)
        # with C_m = 1 pF and tau_m in ms, a current of x/tau_m pA drives as x mV do here
        cells.set(
            [
                {
                    "C_m": 1.0,
                    "tau_m": float(reservoir.tau_m[i]),
                    "tau_syn_ex": float(reservoir.tau_exc[i]),
                    "tau_syn_in": float(reservoir.tau_inh[i]),
                    "E_L": float(reservoir.v_rest[i]),
                    "V_th": float(reservoir.v_threshold[i]),
                    "V_reset": float(reservoir.v_reset[i]),
                    "V_m": float(reservoir.v_start[i]),
                    "t_ref": float(reservoir.refractory[i]),
                    "I_e": float(reservoir.i_bias[i] / reservoir.tau_m[i]),
                }
                for i in range(reservoir.neurons)
            ]
        )
        ids = np.array(cells.tolist())
        excitatory = reservoir.is_excitatory[reservoir.pre]
        for kind, model in ((True, "stdp_synapse" if plastic else "static_synapse"), (False, "static_synapse")):
            here = excitatory == kind
            weight = (1 if kind else -1) * reservoir.weight[here] / reservoir.tau_m[reservoir.post[here]]
            options = {"synapse_model": model, "weight": weight, "delay": np.full(here.sum(), reservoir.dt)}
            if model == "stdp_synapse":
                # NEST's rule is in units of Wmax: lambda w_max potentiation, alpha lambda w_max depression, additive
                bound = reservoir.w_max[here] / reservoir.tau_m[reservoir.post[here]]
                options |= {
                    "Wmax": bound,
                    "lambda": reservoir.recurrent.a_plus[here] / reservoir.w_max[here],
                    "alpha": reservoir.recurrent.a_minus[here] / reservoir.recurrent.a_plus[here],
                    "tau_plus": reservoir.recurrent.tau_plus[here],
                    "mu_plus": np.zeros(here.sum()),
                    "mu_minus": np.zeros(here.sum()),
                }
            simulator.Connect(ids[reservoir.pre[here]], ids[reservoir.post[here]], "one_to_one", options)
        recorder = simulator.Create("spike_recorder")
        simulator.Connect(cells, recorder)
        simulator.Prepare()
        simulator.Run(5.0)
        began = time.perf_counter()
        simulator.Run(seconds * 1000)
        took.append(time.perf_counter() - began)
        simulator.Cleanup()
    return took, recorder.n_events / reservoir.neurons / (seconds + 0.005)


def measure(engine: str, neurons: int, links: str, plastic: bool, seconds: float, repeats: int) -> dict[str, float]:
    reservoir = network(neurons, links)
    began = time.perf_counter()
    if engine == "standalone":
        took, rate = standalone(reservoir, seconds, plastic, repeats)
    elif engine == "nest":
        took, rate = nest(reservoir, seconds, plastic, repeats)
    else:
        took, rate = ours(reservoir, seconds, plastic, repeats, engine)
    build = time.perf_counter() - began - sum(took)
    return {"us": statistics.median(took) / (seconds * 1000 / reservoir.dt) * 1e6, "build": build, "rate": rate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--links", nargs="+", choices=LINKS, default=list(LINKS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        sys.path.insert(0, str(ROOT))
        engine, neurons, links, plastic = json.loads(arguments.one)
        print(json.dumps(measure(engine, neurons, links, plastic, arguments.seconds, arguments.repeats)))
        return
    print(
        f"{'neurons':>8} {'links':<9}{'STDP':<8}{'engine':<15}{'us/step':>9}{'x compiled':>11}{'rate Hz':>9}{'+build s':>9}"
    )
    for neurons in arguments.neurons:
        for links in arguments.links:
            for plastic in (False, True):
                base = 0.0
                for engine in arguments.engines:
                    one = ["--one", json.dumps([engine, neurons, links, plastic]), "--seconds", str(arguments.seconds)]
                    done = subprocess.run(
                        [sys.executable, __file__, *one, "--repeats", str(arguments.repeats)],
                        env={**os.environ, "OMP_NUM_THREADS": "1"},
                        capture_output=True,
                        text=True,
                        check=False,
                    )
                    label = f"{neurons:>8} {links:<9}{'plastic' if plastic else 'frozen':<8}{engine:<15}"
                    if done.returncode:
                        print(f"{label} not measured: {done.stderr.strip().splitlines()[-1]}", flush=True)
                        continue
                    row = json.loads(done.stdout.splitlines()[-1])
                    base = base or row["us"]
                    ratio = row["us"] / base
                    print(f"{label}{row['us']:>9.1f}{ratio:>11.1f}{row['rate']:>9.1f}{row['build']:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
