"""``hrsnn deep attack``: how much of a network's accuracy is left under one attack, and under all at once."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import Flag, execute
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.cli.report import RUNS
from hrsnn.scripts.deep.options import OfTrained
from hrsnn.scripts.deep.outcome import DeepOutcome
from hrsnn.scripts.deep.robust_options import digest

if TYPE_CHECKING:
    from hrsnn.deep.frames import Frames
    from hrsnn.deep.learning.network import Spiking
    from hrsnn.deep.robust.ensemble import AttackSettings, Survival
    from hrsnn.deep.robust.masking import MaskingSigns

#: Rows of tables that are no single member.
_WHOLE = ("clean", "single", "ensemble")


@dataclass(frozen=True, kw_only=True)
class DeepAttack(OfTrained):
    """Attack samples of the test part; one counts as robust only if it survives every attack through every surrogate."""

    eps: tuple[float, ...] = (0.1,)
    """Radii of perturbations in the largest norm, in the range of pixels from 0 to 1; a run for each."""

    samples: int = 200
    """Samples of the test part, chosen at random by the seed."""

    attacks: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ("fgsm", "rfgsm", "pgd", "apgd", "square")
    """Attacks: some of fgsm, rfgsm, pgd, apgd and square, which needs images."""

    views: Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar="NAME ...", help_behavior_hint="(default: all 19)")] = (
        None
    )
    """Surrogates through which attacks by gradients see the spikes, such as 'triangle 1', rate or relu."""

    attack_steps: int = 20
    """Steps of pgd and apgd."""

    queries: int = 1000
    """Runs of the network for each sample of square."""

    everything: Flag = False
    """Let every attack have all samples, to compare attacks; else a sample that is fooled is not attacked again."""

    restarts: int = 5
    """Random starts from which the network's own surrogate is followed, as a check of masked gradients."""

    transfer: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: none)")] = None
    """Folder of a network whose perturbations are tried too, such as the one of rectified units."""

    def check(self) -> None:
        """Raise an error before the work."""
        from hrsnn.deep.robust.attacks import check_radius
        from hrsnn.validation.numbers import count_of

        super().check()
        if not self.eps or len(set(self.eps)) < len(self.eps):
            raise InputError("--eps", self.eps, "must be one radius or more, each once")
        for eps in self.eps:
            check_radius(eps)
        for option, value in (("--samples", self.samples), ("--restarts", self.restarts)):
            count_of(option, value)
        self._settings()

    def _settings(self) -> AttackSettings:
        from hrsnn.deep.robust.ensemble import AttackSettings
        from hrsnn.deep.robust.views import VIEWS

        views = tuple(VIEWS) if self.views is None else self.views
        return AttackSettings(self.attacks, views, self.attack_steps, self.queries, seed=self.seed)

    def run(self) -> DeepOutcome:
        """Attack, or go on with a run that was stopped."""
        from hrsnn.deep.frames import frames_of
        from hrsnn.deep.robust.accounting import cost_of
        from hrsnn.deep.robust.ensemble import check_attackable, ensemble_attack, first_samples

        settings, state = self.stored()
        _, test = frames_of(self.task_of(state), settings.steps)
        check_attackable(settings, test)
        frames = first_samples(test, self.samples, self.seed)
        network = self.network_of(settings, state)
        options = self._settings()
        if self.views is not None and network.rectified:
            raise InputError("--views", self.views, "has no effect on rectified units, which have one gradient")
        options.members(network)
        source = None if self.transfer is None else self._source(self.transfer)
        kept = KeptRuns(None if self.out is None else self.out / RUNS)
        kept.prepare(self._plain(options, digest(state.best), source))
        found: dict[float, Survival] = {}
        signs: dict[float, MaskingSigns] = {}
        for eps in self.eps:

            def stored(name: str, run: Any, eps: float = eps) -> Any:
                return kept.result(f"{eps:g} {name}".replace(", ", "-").replace(" ", "_"), run)

            found[eps] = ensemble_attack(
                network, frames, eps, options, everything=self.everything, kept=stored, progress=self.progress
            )
            signs[eps] = self._signs(stored, network, frames, eps, options, source)
        return self._outcome(settings.model, cost_of(network, frames), found, signs)

    def _plain(self, options: AttackSettings, of: str, source: Spiking | None) -> dict[str, Any]:
        """Return everything that the result of one attack depends on."""
        return {
            "command": "deep attack",
            "network": of,
            "samples": self.samples,
            "everything": self.everything,
            "restarts": self.restarts,
            "transfer": None if source is None else digest(source.arrays()),
            **{name: list(value) if isinstance(value, tuple) else value for name, value in vars(options).items()},
        }

    def _source(self, folder: Path) -> Spiking:
        source = dataclasses.replace(self, trained=folder)
        return source.network_of(*source.stored())

    def _signs(
        self, stored: Any, network: Spiking, frames: Frames, eps: float, options: AttackSettings, source: Spiking | None
    ) -> MaskingSigns:
        from hrsnn.deep.robust.masking import MaskingSigns, masking_signs

        def run() -> dict[str, float]:
            return dataclasses.asdict(masking_signs(network, frames, eps, options, self.restarts, source))

        return MaskingSigns(**stored("signs of masking", run))

    def _outcome(self, model: str, cost: Any, found: dict[float, Survival], signs: dict[float, MaskingSigns]) -> DeepOutcome:
        from hrsnn.analysis.figures.deep import members_of_ensemble, robustness_curves

        curves: dict[str, dict[float, float]] = {name: {} for name in _WHOLE}
        members: dict[float, dict[str, float]] = {}
        for eps, survival in found.items():
            shares = survival.accuracies()
            curves["clean"][eps], curves["ensemble"][eps] = shares.pop("clean"), shares.pop("ensemble")
            curves["single"][eps] = signs[eps].single
            members[eps] = shares
        scores = {"clean_accuracy": next(iter(curves["clean"].values()))}
        for eps in found:
            scores |= {f"{name}_{eps:g}": curves[name][eps] for name in ("single", "ensemble")}
        scores |= {"energy_nj": cost.energy * 1e9, "weights": float(cost.weights), "mean_rate_per_step": cost.rate}
        lines = [f"{'eps':>8s}{'single':>10s}{'longer':>10s}{'restarts':>10s}{'transfer':>10s}{'ensemble':>10s}"]
        for eps, one in signs.items():
            values = (one.single, one.longer, one.restarts, one.transfer, curves["ensemble"][eps])
            lines.append(f"{eps:8g}" + "".join(f"{value:10.3f}" for value in values))
        largest = max(found)
        return DeepOutcome(
            title=f"{model}: {self.samples} samples under {len(members[largest])} attacks, seed {self.seed}",
            seed=self.seed,
            scores=scores,
            details={
                "members": {f"{eps:g}": shares for eps, shares in members.items()},
                "signs_of_masking": {f"{eps:g}": dataclasses.asdict(one) for eps, one in signs.items()},
                "bytes": cost.bytes,
            },
            tables="\n".join(lines),
            draw=lambda: {
                "robustness": robustness_curves({model: {name: curves[name] for name in _WHOLE}}),
                **(
                    {"members": members_of_ensemble(members[largest], curves["ensemble"][largest])}
                    if self.everything
                    else {}
                ),
            },
        )


if __name__ == "__main__":
    sys.exit(execute(DeepAttack))
