"""``hrsnn balance``: a balanced network beside its controls, tracking sinusoids or accumulating cues."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.runtime.seeds import SEEDS
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import Flag, ParallelCommand, execute, kind_names
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.reports.balance_report import BalanceReport
from hrsnn.validation.numbers import count_of, positive, repeats_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.analysis.balanced.arms import CueOptions
    from hrsnn.balanced import BalancedSpec
    from hrsnn.kinds import Kind, NetworkSpec

logger = logging.getLogger("hrsnn")

_STATES, _LEAK = 3, 20.0
_SAMPLES, _DURATION = 200, 2000.0
#: Part of a run in which the currents of a neuron are drawn (ms), and the filters of what is drawn, also of the cue task.
_DRAWN, _FILTER, _SLOW_FILTER = (500.0, 1300.0), 10.0, 20.0


@dataclass(frozen=True, kw_only=True)
class Balance(ParallelCommand):
    """Compare a balanced network with its controls: error or accuracy, rate, balance of E and I, spikes."""

    any_network: ClassVar[bool] = True

    subject: tyro.conf.Positional[Literal["tracking", "cue"]] = "tracking"
    """tracking: sinusoids, one a state; cue: the side of most of seven cues, told by a linear readout after a delay."""

    network: Annotated[str, tyro.conf.arg(metavar="KIND", help_behavior_hint=kind_names)] = "balanced"
    """Kind of network: balanced."""

    seeds: int = 1
    """Number of seeds, starting from --seed; more than one gives means with intervals."""

    duration: Annotated[float | None, tyro.conf.arg(metavar="MS", help_behavior_hint="(tracking; default: 2000)")] = None
    """Time for which the sinusoids are compared (ms)."""

    samples: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(cue; default: 200)")] = None
    """Number of samples for training, and as many for the test."""

    shared_noise: Flag = False
    """cue: the same random numbers for the spikes of training and test samples, as in the published code."""

    conductances: Flag = False
    """cue: also the network with conductances in place of currents, simulated by Brian2, and without links."""

    def check(self) -> None:
        """Raise an error for an option that would have no effect, before anything else."""
        if self.network != "balanced":
            raise InputError("--network", self.network, "must be balanced: the controls are those of a balanced network")
        of_the_other = (
            {
                "--samples": self.samples,
                "--shared-noise": self.shared_noise or None,
                "--conductances": self.conductances or None,
            }
            if self.subject == "tracking"
            else {"--duration": self.duration}
        )
        for option, value in of_the_other.items():
            if value is not None:
                raise InputError(option, value, f"has no effect on {self.subject}")
        super().check()

    def default_spec(self, kind: Kind) -> NetworkSpec:
        """Return the network of the published cue task, or one of 400 neurons and three states."""
        spec = super().default_spec(kind)
        if self.subject == "cue":
            return spec.updated(dict(kind.presets["cue"]))
        eye = np.eye(_STATES)
        matrices = {"matrix": (-_LEAK * eye).tolist(), "input_matrix": eye.tolist()}
        return spec.updated({"system": "matrices", "neurons": 400, "decoder_norm": 0.1, "leak": _LEAK, **matrices})

    def run(self) -> BalanceReport:
        """Run what is not yet in the out folder, for each seed and arm."""
        from hrsnn.analysis.balanced.arms import CONDUCTANCE_ARMS, CUE_ARMS, TRACKING_ARMS, CueOptions
        from hrsnn.balanced import BalancedSpec

        repeats_of("--seeds", self.seeds)
        count_of("--jobs", self.jobs)
        count_of("--seed", self.seed, 0, SEEDS - 1)
        spec = self.network_spec()
        assert isinstance(spec, BalancedSpec)
        cue = self.subject == "cue"
        samples = count_of("--samples", _SAMPLES if self.samples is None else self.samples, 20, 10**5)
        duration = positive("--duration", _DURATION if self.duration is None else self.duration, "ms")
        options = CueOptions(samples, samples, self.shared_noise, balanced_samples=max(1, min(10, samples // 10)))
        rules = dict(CUE_ARMS if cue else TRACKING_ARMS)
        if cue and spec.system != "inputs":  # a leak of its own means something only where states decay otherwise
            rules = {arm: rule for arm, rule in rules.items() if "memory" not in arm}
        rules |= CONDUCTANCE_ARMS if self.conductances else {}
        seeds = range(self.seed, self.seed + self.seeds)
        kept = KeptRuns(None if self.out is None else (self.out / report.RUNS).absolute())
        runner = ArmRunner(spec, options if cue else None, duration, self.engine, kept)
        kept.prepare(runner.settings())
        units = [(seed, arm) for seed in seeds for arm in (*rules, *(("raw_input",) if cue else ()))]
        logger.info("%d runs: %s ...", len(units), ", ".join(rules))
        found = dict(zip(units, self.all_of(runner, units), strict=True))
        for alike in (set(rules), {"raw_input"}):
            kept.check_names({runner.name(unit): one for unit, one in found.items() if unit[1] in alike})
        if cue:
            found |= {(seed, "ideal_observer"): {"accuracy": _ideal()} for seed in seeds}
        what = f"{samples} samples" if cue else f"{spec.states} sinusoids over {duration / 1000:g} s"
        count = f"seed {self.seed}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
        return BalanceReport(
            title=f"balance, {self.subject}: {what}, {spec.neurons} neurons, {count}",
            spec=spec,
            seeds=seeds,
            scores=found,
            rules=rules,
            settings=runner.settings(),
            draw=lambda: runner.pictures(self.seed),
        )


@dataclass(frozen=True)
class ArmRunner:
    """Function from a seed and an arm to its scores, read from a file if there is one."""

    spec: BalancedSpec
    cue: CueOptions | None  #: None: tracking
    duration: float
    engine: str
    kept: KeptRuns

    def settings(self) -> dict[str, Any]:
        """Return everything that the scores of a run depend on, except its seed and arm."""
        return {
            "spec": self.spec.to_toml(),
            **({"duration_ms": self.duration} if self.cue is None else {"cue": dataclasses.asdict(self.cue)}),
            "engine": self.engine,
            "versions": report.versions(),
        }

    def __call__(self, unit: tuple[int, str]) -> dict[str, float]:
        return self.kept.result(self.name(unit), lambda: self._scores(*unit))

    def name(self, unit: tuple[int, str]) -> str:
        """Return the name of the file of a run."""
        seed, arm = unit
        return f"{arm}-{seed}"

    def _scores(self, seed: int, arm: str) -> dict[str, float]:
        from hrsnn.analysis.balanced.arms import cue_scores, tracked

        if self.cue is None:
            return tracked(arm, self.spec, seed, self.duration, self.engine).scores()
        return cue_scores(arm, self.spec, self.cue, seed, self.engine)

    def pictures(self, seed: int) -> Mapping[str, Figure]:
        """Draw the currents of the neuron with the most spikes, and what is tracked."""
        from hrsnn.analysis import figures
        from hrsnn.analysis.balanced.arms import cue_network, tracked
        from hrsnn.analysis.firing.currents import currents
        from hrsnn.simulation import simulate

        if self.cue is not None:
            task = self.cue.task(seed)
            network = cue_network("balanced", self.spec, task, seed)
            sample = task.x_test[:1]
            spikes = simulate(network, sample, engine=self.engine, seed=seed).spikes
            flow = currents(network, spikes, sample)
            drawn = {}
            begin, end, tau = 0.0, float(sample.durations[0]), _SLOW_FILTER
        else:
            run = tracked("balanced", self.spec, seed, self.duration, self.engine)
            network, spikes, flow = run.network, run.spikes, run.currents
            times, who = spikes.sample(0)
            drawn = {"tracking": figures.tracking(run.times, run.target, run.estimate, times, who, network.neurons)}
            end = float(spikes.durations[0])
            begin, end, tau = min(_DRAWN[0], end / 2), min(_DRAWN[1], end), _FILTER
        times, who = spikes.sample(0)
        inside = (times >= begin) & (times < end)
        neuron = int(np.bincount(who[inside], minlength=network.neurons).argmax())
        part = slice(round(begin / flow.dt), round(end / flow.dt))
        sides = flow.excitation[part, neuron], flow.inhibition[part, neuron]
        own = times[inside & (who == neuron)]
        return {**drawn, "currents": figures.currents_of_neuron(*sides, flow.dt, tau, begin, own)}


def _ideal() -> float:
    from hrsnn.tasks.cue import ideal_accuracy

    return ideal_accuracy()


if __name__ == "__main__":
    sys.exit(execute(Balance))
