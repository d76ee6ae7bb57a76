"""``hrsnn deep convert``: a network of rectified units as one of integrators, finetuned as spikes under attack."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.deep.options import NETWORK, OfTrained, training_parts, write_history
from hrsnn.scripts.deep.outcome import DeepOutcome
from hrsnn.scripts.deep.robust_options import Loss, TrainedUnderAttack, digest

if TYPE_CHECKING:
    from hrsnn.deep.robust.conversion import ConversionSettings


@dataclass(frozen=True, kw_only=True)
class DeepConvert(TrainedUnderAttack, OfTrained):
    """Convert a network of rectified units to spiking neurons with thresholds of their own, and finetune it."""

    steps: int = 8
    """Steps that a sample is shown for."""

    percentile: float = 99.7
    """Percentile of the currents of a layer that its threshold is, in percent."""

    factor: float = 0.3
    """Factor by which all thresholds are multiplied."""

    reset: Literal["zero", "subtract"] = "zero"
    """Whether a spike sets the potential to 0, or takes the threshold off."""

    calibration_steps: int = 100
    """Steps that layers are simulated for to find the thresholds of the next."""

    batches: int = 11
    """Batches of which the largest percentile counts."""

    robust: Loss = "kl"
    """Loss with which the network is finetuned."""

    def check(self) -> None:
        """Raise an error before the work."""
        super().check()
        self._options()
        self.objective(self.robust)
        self.schedule(self.seed)

    def _options(self) -> ConversionSettings:
        from hrsnn.deep.robust.conversion import ConversionSettings

        return ConversionSettings(
            self.steps,
            self.calibration_steps,
            self.percentile,
            self.factor,
            self.batches,
            self.batch,
            self.reset == "subtract",
        )

    def run(self) -> DeepOutcome:
        """Convert and finetune, or go on with a run that was stopped."""
        from hrsnn.analysis.figures.deep import learning_curves
        from hrsnn.deep.learning.training import train
        from hrsnn.deep.robust.conversion import converted, thresholds_of
        from hrsnn.deep.robust.ensemble import check_attackable, pictures, right
        from hrsnn.runtime.seeds import generator

        settings, state = self.stored()
        if not settings.rectified:
            raise InputError("--trained", settings.model, "has spikes already: `hrsnn deep train --relu` makes one without")
        part, validation = training_parts(self.task_of(state), 1)
        check_attackable(settings, part)
        network = self.network_of(settings, state)
        network.eval()
        options = self._options()
        order = generator(self.seed, "calibration").permutation(len(part))[: options.batches * options.batch]
        target, spiking = converted(network, settings, pictures(part.subset(order))[0], options)
        images, labels = pictures(validation)
        before = {name: float(right(one, images, labels).mean()) for name, one in (("units", network), ("spikes", spiking))}
        thresholds = thresholds_of(spiking)
        about: dict[str, Any] = {
            "task": state.settings.get("task", {}),
            "conversion": {**dataclasses.asdict(options), "of": digest(state.best)},
        }
        found = train(
            target,
            self.schedule(self.seed),
            part,
            validation,
            start=spiking.arrays(),
            objective=self.objective(self.robust),
            about=about,
            checkpoint=None if self.out is None else self.out / NETWORK,
            progress=self.progress,
        )
        best = found.history[found.best_epoch - 1] if found.history else {}
        after, chance = thresholds_of(found.network), 1 / settings.classes
        lines = [f"{'layer':12s}{'threshold':>12s}{'finetuned':>12s}"]
        lines += [f"{name:12s}{thresholds[name]:12.4g}{after[name]:12.4g}" for name in thresholds]
        return DeepOutcome(
            title=f"{settings.model}, spikes in {self.steps} steps: {self.epochs} epochs of {self.robust}, seed {self.seed}",
            seed=self.seed,
            scores={
                "validation_accuracy": best.get("validation_accuracy", before["spikes"]),
                "validation_score": best.get("validation_score", float("nan")),
                "mean_rate_per_step": best.get("mean_rate", float("nan")),
            },
            baselines={
                "validation_accuracy": {"rectified": before["units"], "not_finetuned": before["spikes"], "chance": chance}
            },
            details={
                "network": target.plain(),
                "thresholds": thresholds,
                "thresholds_finetuned": after,
                "history": found.history,
            },
            tables="\n".join(lines),
            draw=lambda: {"learning": learning_curves(found.history, chance)} if found.history else {},
            files={"history.csv": write_history(found.history)},
        )


if __name__ == "__main__":
    sys.exit(execute(DeepConvert))
