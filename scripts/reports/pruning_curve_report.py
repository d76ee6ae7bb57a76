"""The report on a pruning curve: tables, verdicts and figures."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.registry import bounds_of, label_of, signs_of, unit_of
from hrsnn.networks.studies.pruning_arms import ABLATIONS, ARMS, AT_RATE, COMPARED, DELAY_BANK
from hrsnn.networks.studies.pruning_claims import ClaimVerdict, Scores, costs_in, judged, leaders
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.paired_repeats import IN_BRACKETS
from hrsnn.scripts.cli.repeats import INTERVAL, Row, table
from hrsnn.scripts.cli.report import PNG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.analysis.claims import Verdict
    from hrsnn.spec import ReservoirSpec

Array = NDArray[np.float64]

#: Endings and names of scores in the figures, beside skills read from spikes.
_DRAWN = ("_operations_ratio", "_spikes_ratio", "largest_exponent", "spectrum_distance")
#: Groups of arms within which the best ones are listed.
_TOGETHER: Mapping[str, Sequence[str]] = {
    "method": COMPARED,
    "kind of LNP": [arm for arm in ARMS if arm.startswith("lnp")],
    "method at the dense network's rate": AT_RATE,
}
_SIGNS: Mapping[Verdict, str] = {"supported": "+", "refuted": "−", "undecided": "·", "no verdict possible": "×"}


@dataclass(frozen=True)
class PruningCurveReport:
    """Scores of all arms at all sparsities, and verdicts at each sparsity."""

    spec: ReservoirSpec
    settings: Mapping[str, Any]
    scores: Scores

    @property
    def main(self) -> float:
        """Main sparsity of the report: the one nearest to 95 %."""
        return min(self.scores.sparsities, key=lambda share: abs(share - 0.95))

    @functools.cached_property
    def judged(self) -> dict[float, list[ClaimVerdict]]:
        """Verdicts on all claims, by sparsity."""
        return {share: judged(self.scores, share) for share in self.scores.sparsities}

    @property
    def text(self) -> str:
        """Text with each claim and the scores that decide it."""
        seeds = self.scores.seeds
        lines = [f"pruning at {self.main:.0%}: {self.spec.neurons} neurons, seeds {seeds[0]} to {seeds[-1]}"]
        for claim, family in _by_claim(self.judged[self.main]).items():
            lines.append(claim)
            lines += [
                f"  {one.verdict:10s} {_words(one.score):24s} {_with_unit(one):42s} p {one.adjusted:.2g}"
                for one in family
                if one.verdict in ("supported", "refuted")
            ]
            for verdict in ("undecided", "no verdict possible"):
                open_ones = [_words(one.score) for one in family if one.verdict == verdict]
                lines += [f"  {verdict:10s} {', '.join(open_ones)}"] if open_ones else []
        return "\n".join([*lines, IN_BRACKETS])

    def rows(self) -> Iterator[Row]:
        """Yield all scores of all arms at all sparsities."""
        scores = self.scores
        for arm in scores.arms:
            for sparsity in scores.runs[scores.seeds[0], arm]:
                for name in scores.names:
                    values = tuple(float(scores.runs[seed, arm][sparsity][name]) for seed in scores.seeds)
                    yield Row(f"{name} at {sparsity}", arm, values, bounds_of(name))

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        scores: dict[str, dict[str, float]] = {}
        for row in self.rows():
            scores.setdefault(row.of, {})[row.score] = row.mean
        claims = [
            {
                "claim": one.claim,
                "score": one.score,
                "sparsity": one.sparsity,
                "mean_difference": one.test.mean,
                "interval": one.test.interval,
                "p_value": one.test.p_value,
                "p_value_holm": one.adjusted,
                "verdict": one.verdict,
            }
            for family in self.judged.values()
            for one in family
        ]
        seeds = self.scores.seeds
        leading = {
            kind: {str(share): leaders(self.scores, arms, share) for share in self.scores.sparsities}
            for kind, arms in self._together().items()
        }
        main = {"judged_at": self.main, "seed": seeds[0], "seeds": list(seeds)}
        return {"scores": scores, "claims": claims, "leaders": leading, **main, **self.settings}

    def report(self) -> str:
        """Return Markdown tables of the claims, the best arms, and the scores, at the main and at all sparsities."""
        scores, shares = self.scores, self.scores.sparsities
        heads = [f"{share:.0%}" for share in shares]
        lines = _head("claim", "in", f"mean difference [95 %] at {self.main:.0%}", "p (Holm)", "verdict", *heads)
        elsewhere = {
            (one.claim, one.score, share): _SIGNS[one.verdict] for share, family in self.judged.items() for one in family
        }
        for one in self.judged[self.main]:
            signs = [elsewhere.get((one.claim, one.score, share), "") for share in shares]
            lines.append(_line(one.claim, _words(one.score), _difference(one), f"{one.adjusted:.2g}", one.verdict, *signs))
        for kind, arms in self._together().items():
            lines += ["", *_head(f"best {kind}", *heads)]
            ahead = [leaders(scores, arms, share) for share in shares]
            for name in ahead[0]:
                cells = [self._ahead(found.get(name, ()), name, share) for found, share in zip(ahead, shares, strict=True)]
                lines.append(_line(_words(name), *cells))
        lines += ["", *_head(f"at {self.main:.0%}", *map(_words, scores.names))]
        lines += [_line(_words(arm), *(self._mean(arm, name, self.main) for name in scores.names)) for arm in scores.arms]
        names = scores.names
        for name in (*signs_of(names, "skill"), *signs_of(names, "distance"), *costs_in(names)):
            lines += ["", *_head(_words(name), *heads)]
            lines += [_line(_words(arm), *(self._mean(arm, name, share) for share in shares)) for arm in scores.arms]
        notes = [
            f"Scores in brackets: {INTERVAL}. A positive difference is for the claim, whichever way the score points.",
            "Holm is over the scores of a claim at one sparsity, operations apart. + supported, − refuted, · undecided,"
            " × no verdict possible with so few seeds.",
            "Best: the best mean, and in brackets all whose paired differences from it have a 95 % interval with 0 in it.",
        ]
        return "\n".join([*lines, "", *notes, ""])

    @property
    def drawn(self) -> list[str]:
        """Names of the scores in the figures: skills, but those read from v, then costs and spectra."""
        names = self.scores.names
        skills = [name for name in signs_of(names, "skill") if not name.endswith("_v")]
        return [*skills, *(name for ending in _DRAWN for name in names if name.endswith(ending))]

    def pictures(self) -> dict[str, Figure]:
        """Draw scores against sparsity, for the methods, and for variants of LNP."""
        from hrsnn.networks import pruning_figures

        scores, found = self.scores, {}
        drawn = self.drawn
        bounds = {label_of(score): bounds_of(score) for score in drawn}
        controls = [arm for arm in ("dense", "no_recurrence", DELAY_BANK) if arm in scores.arms]
        built = [arm for arm in ("rebuilt", "rebuilt_in_degree") if arm in scores.arms]
        for name, group in (("curves", COMPARED), ("at_rate", AT_RATE), ("ablations", ABLATIONS)):
            arms = [*(arm for arm in group if arm in scores.arms), *(built if name == "at_rate" else ())]
            if not arms or (name != "curves" and len(arms) < 2):
                continue
            panels = {
                label: {
                    **{_words(arm): np.stack([scores.values(arm, score, s) for s in scores.sparsities], 1) for arm in arms},
                    **{_words(arm): scores.values(arm, score, self.main)[:, None] for arm in controls},
                }
                for score, label in zip(drawn, bounds, strict=True)
            }
            found[name] = pruning_figures.curves(panels, scores.sparsities, bounds)
        return found

    def write(self, folder: Path, formats: Sequence[str] = PNG) -> str:
        """Write all files into `folder`, and return the text with their location."""
        files = {"table.csv": table(self.rows(), self.scores.seeds), "report.md": self.report()}
        return report.write_outcome(self, folder, self.spec, self.pictures(), files, formats=formats)

    def _together(self) -> dict[str, list[str]]:
        groups = {kind: [arm for arm in arms if arm in self.scores.arms] for kind, arms in _TOGETHER.items()}
        return {kind: arms for kind, arms in groups.items() if len(arms) > 1}

    def _ahead(self, arms: Sequence[str], name: str, share: float) -> str:
        if not arms:
            return ""
        best = f"{_words(arms[0])} {self.scores.values(arms[0], name, share).mean():.3g}"
        return f"{best} ({', '.join(map(_words, arms[1:]))})" if arms[1:] else best

    def _mean(self, arm: str, name: str, share: float) -> str:
        return Row(name, arm, tuple(self.scores.values(arm, name, share).tolist()), bounds_of(name)).cell


def _by_claim(family: Sequence[ClaimVerdict]) -> dict[str, list[ClaimVerdict]]:
    found: dict[str, list[ClaimVerdict]] = {}
    for one in family:
        found.setdefault(one.claim, []).append(one)
    return found


def _with_unit(one: ClaimVerdict) -> str:
    return f"{_difference(one)} {unit_of(one.score)}"


def _difference(one: ClaimVerdict) -> str:
    low, high = one.test.interval
    return f"{one.test.mean:+.3g} [{low:+.3g}, {high:+.3g}]"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _head(*names: str) -> list[str]:
    return [_line(*names), "| --- |" + " --- |" * (len(names) - 1)]


def _words(name: str) -> str:
    return name.replace("_", " ")
