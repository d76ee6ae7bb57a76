"""``hrsnn demo``: demonstration on a small network, in a few minutes, without downloads."""

from __future__ import annotations

import dataclasses
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.scripts.classify import Classify
from hrsnn.scripts.cli.command import Command, DrawingCommand, execute
from hrsnn.scripts.cli.report import Report
from hrsnn.scripts.memory import Memory
from hrsnn.scripts.rank import Rank

if TYPE_CHECKING:
    from hrsnn.analysis.protocols import Agreement

#: Small enough for three minutes on two cores, including the first C++ compilation.
_TRAIN, _TEST = 500, 250
_VALUES = 4500
_DELAYS = 40
_PARITIES = 600
_STIMULI = 200
_COMPARED = 50

logger = logging.getLogger("hrsnn")


@dataclass(frozen=True, kw_only=True)
class Demo(DrawingCommand):
    """Demonstrate memory, the parity of bits, digits with STDP, and rank, with their baselines and figures."""

    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = Path("results/demo")
    """Folder for results and figures."""

    def run(self) -> Report:
        """Run four commands on the same kind of network, and combine their results."""
        common: dict[str, Any] = {field.name: getattr(self, field.name) for field in dataclasses.fields(Command)}
        parts: dict[str, Classify | Memory | Rank] = {
            # two that need the recurrent links, and one that does not
            "memory": Memory(**common, values=_VALUES, max_delay=_DELAYS),
            "parity": Classify(**common, task="xor", states="final", plastic=False, task_option=(f"samples={_PARITIES}",)),
            "digits": Classify(**common, train=_TRAIN, test=_TEST),
            "rank": Rank(**common, stimuli=_STIMULI),
        }
        reports: dict[str, Report] = {}
        for name, part in parts.items():
            logger.info("%s ...", name)
            reports[name] = part.run()
        main = reports["digits"]
        logger.info("engines ...")
        try:
            assert isinstance(main.reservoir, Reservoir)
            agreement = self._agreement(main.reservoir)
        except InputError as error:  # keep the results so far
            engines, seconds, agrees = f"engines: not compared: {error}", {}, {}
        else:
            faster = agreement.seconds[1] / agreement.seconds[0]
            engines = (
                f"engines: compiled and Brian2 give {'the same' if agreement.same_spikes else 'DIFFERENT'} "
                f"{agreement.spike_count} spikes with STDP ({agreement.near_ties} near-ties); "
                f"compiled is {faster:.0f} times faster"
            )
            seconds = dict(zip(("engines_compiled", "engines_brian2"), agreement.seconds, strict=True))
            agrees = {
                "same_spikes": agreement.same_spikes,
                "near_ties": agreement.near_ties,
                "weight_difference": agreement.weight_difference,
            }
        return Report(
            title="\n".join([*(report.title for report in reports.values()), engines]),
            seed=self.seed,
            spec=main.spec,
            reservoir=main.reservoir,
            scores={_named(name, key): value for name, report in reports.items() for key, value in report.scores.items()},
            baselines={
                _named(name, key): value for name, report in reports.items() for key, value in report.baselines.items()
            },
            spikes=main.spikes,
            draw=lambda: {
                f"{name}_{key}": figure
                for name, report in reports.items()
                for key, figure in report.draw().items()
                if report is main or key != "time_constants"  # the neurons are the same in all three reports
            },
            timing={
                **{f"{name}_{key}": value for name, report in reports.items() for key, value in report.timing.items()},
                **seconds,
            },
            details={
                "parts": {name: {**report.details, "spikes": report.spikes} for name, report in reports.items()},
                "engines": agrees,
                "engine": self.engine,
            },
        )

    def _agreement(self, reservoir: Reservoir) -> Agreement:
        """Compare the compiled engine with Brian2 on some of the digits."""
        from hrsnn.analysis.protocols import compare_engines
        from hrsnn.tasks import TaskChoice

        digits = TaskChoice("digits").load_classes(seed=self.seed)
        return compare_engines(reservoir, digits.encoder.fit_transform(digits.x_train[:_COMPARED]))


def _named(part: str, score: str) -> str:
    """Return the name of a score among those of all parts: the accuracy is that of the digits."""
    return f"parity_{score}" if part == "parity" else score


if __name__ == "__main__":
    sys.exit(execute(Demo))
