"""What the runs of a pruning curve amount to: every score against sparsity, and a verdict on each of the paper's claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.files import write_json, write_text
from hrsnn.scripts import out_folder
from hrsnn.scripts.repeats import INTERVAL, Row, table

if TYPE_CHECKING:
    from hrsnn.analysis import PairedTest
    from hrsnn.spec import ReservoirSpec

Array = NDArray[np.float64]

#: Scores that claims are looked at in, and whether more is better (1) or less (-1).
_SIGNS = {
    "memory_capacity": 1,
    "memory_capacity_v": 1,
    "nrmse": -1,
    "valid_time": 1,
    "digits_accuracy": 1,
    "fsdd_accuracy": 1,
    "digits_rank": 1,
}
#: A loss of this share of the dense network's score is little.
_LITTLE = 0.05
#: Claims that one arm is better than another.
_BETTER = (
    ("LNP beats activity pruning", "lnp", "activity"),
    ("LNP beats magnitude pruning", "lnp", "magnitude"),
    ("LNP beats random pruning", "lnp", "random"),
    ("LNP beats the random graph", "lnp", "erdos_renyi"),
    ("LNP beats noise pruning by weight", "lnp", "noise"),
    ("drive is a better score than the paper's", "lnp", "lnp_paper_score"),
    ("the bias helps", "lnp", "lnp_no_bias"),
    ("step 3 helps", "lnp", "lnp_no_step_3"),
    ("step 4 helps", "lnp_step_4", "lnp"),
    ("pruned links are better than none", "lnp", "no_recurrence"),
    ("pruned links are better than their mean drive", "lnp", "no_recurrence_drive"),
)


@dataclass(frozen=True)
class Judged:
    """A claim in one score, and what the seeds say of it."""

    claim: str
    score: str
    test: PairedTest
    adjusted: float
    verdict: str


@dataclass(frozen=True)
class Curve:
    """The outcome: every score of every arm at every sparsity, and verdicts at the one nearest to 95 %."""

    spec: ReservoirSpec
    settings: Mapping[str, Any]
    seeds: range
    sparsities: tuple[float, ...]
    scores: Mapping[tuple[int, str], Mapping[str, Mapping[str, float]]]

    @property
    def arms(self) -> tuple[str, ...]:
        """What was compared."""
        return tuple(dict.fromkeys(arm for _, arm in self.scores))

    @property
    def main(self) -> float:
        """The sparsity at which claims are judged."""
        return min(self.sparsities, key=lambda share: abs(share - 0.95))

    @property
    def names(self) -> tuple[str, ...]:
        """The scores."""
        first = next(iter(self.scores.values()))
        return tuple(next(iter(first.values())))

    def values(self, arm: str, score: str, sparsity: float) -> Array:
        """One score by seed; of an arm that is not pruned, at any sparsity the same."""
        runs = [self.scores[seed, arm] for seed in self.seeds]
        return np.array([(run[str(sparsity)] if str(sparsity) in run else next(iter(run.values())))[score] for run in runs])

    def judged(self) -> list[Judged]:
        """All claims whose arms were run, each in all scores: those of one claim are a family at 5 % (Holm)."""
        from hrsnn.analysis import holm, paired_test, verdicts

        found: dict[str, list[tuple[str, PairedTest]]] = {}

        def test(claim: str, score: str, differences: Array) -> None:
            known = differences[np.isfinite(differences)]
            if len(known) > 1:
                found.setdefault(claim, []).append((score, paired_test(known)))

        for score, sign in _SIGNS.items():
            if score not in self.names:
                continue
            for claim, one, other in _BETTER:
                if one in self.arms and other in self.arms:
                    test(claim, score, sign * self._difference(one, other, score))
            if {"lnp", "dense"} <= set(self.arms):
                spare = _LITTLE * np.abs(self.values("dense", score, self.main))
                test(f"less than {_LITTLE:.0%} is lost", score, sign * self._difference("lnp", "dense", score) + spare)
            if {"lnp", "activity"} <= set(self.arms):
                apart = [np.abs(v - np.median(v)) for v in (self.values(a, score, self.main) for a in ("activity", "lnp"))]
                test("LNP varies less than activity pruning", score, apart[0] - apart[1])
        judged = []
        for claim, family in found.items():
            tests = [each for _, each in family]
            adjusted, said = holm([each.p_value for each in tests]), verdicts(tests, [1] * len(tests))
            judged += [
                Judged(claim, score, each, float(p), verdict)
                for (score, each), p, verdict in zip(family, adjusted, said, strict=True)
            ]
        return judged

    def _difference(self, one: str, other: str, score: str) -> Array:
        return self.values(one, score, self.main) - self.values(other, score, self.main)

    @property
    def text(self) -> str:
        """A line for each claim."""
        lines = [f"pruning at {self.main:.0%}: {self.spec.neurons} neurons, seeds {self.seeds[0]} to {self.seeds[-1]}"]
        for one in self.judged():
            low, high = one.test.interval
            about = f"{one.test.mean:+.3g} [{low:+.3g}, {high:+.3g}]"
            lines.append(f"{one.claim:46s} {one.score:18s} {about:34s} p {one.adjusted:<8.2g} {one.verdict}")
        return "\n".join(lines)

    def rows(self) -> Iterator[Row]:
        """Every score of every arm at every sparsity."""
        for arm in self.arms:
            for sparsity in self.scores[self.seeds[0], arm]:
                for name in self.names:
                    values = tuple(float(self.scores[seed, arm][sparsity][name]) for seed in self.seeds)
                    yield Row(f"{name} at {sparsity}", arm, values)

    def metrics(self) -> dict[str, Any]:
        """What ``metrics.json`` holds and ``--json`` prints."""
        scores: dict[str, dict[str, float]] = {}
        for row in self.rows():
            scores.setdefault(row.of, {})[row.score] = row.mean
        claims = [
            {
                "claim": one.claim,
                "score": one.score,
                "mean_difference": one.test.mean,
                "interval": one.test.interval,
                "p_value": one.test.p_value,
                "p_value_holm": one.adjusted,
                "verdict": one.verdict,
            }
            for one in self.judged()
        ]
        main = {"judged_at": self.main, "seed": self.seeds[0], "seeds": list(self.seeds)}
        return {"scores": scores, "claims": claims, **main, **self.settings}

    def report(self) -> str:
        """Two tables in Markdown: the claims, and every score at the main sparsity."""
        lines = ["| claim | in | mean difference [95 %] | p (Holm) | verdict |", "| --- | --- | --- | --- | --- |"]
        for one in self.judged():
            low, high = one.test.interval
            cells = (one.claim, _words(one.score), f"{one.test.mean:+.3g} [{low:+.3g}, {high:+.3g}]", f"{one.adjusted:.2g}")
            lines.append(f"| {' | '.join(cells)} | {one.verdict} |")
        lines += [
            "",
            f"| at {self.main:.0%} | {' | '.join(map(_words, self.names))} |",
            "| --- |" + " --- |" * len(self.names),
        ]
        for arm in self.arms:
            rows = [Row(name, arm, tuple(self.values(arm, name, self.main).tolist())) for name in self.names]
            means = tuple(f"{row.mean:.3g} ± {(row.interval[1] - row.interval[0]) / 2:.2g}" for row in rows)
            lines.append(f"| {_words(arm)} | {' | '.join(means)} |")
        note = "A positive difference is for the claim, whichever way the score points."
        return "\n".join([*lines, "", f"± is half of {INTERVAL}. {note} Holm is over the scores of a claim.", ""])

    def write(self, folder: Path) -> str:
        """Write everything into `folder`, and return the text with where it is."""
        from hrsnn.analysis import figures
        from hrsnn.networks import pruning_figures

        drawn = [name for name in _SIGNS if name in self.names][:6]
        pruned = [arm for arm in self.arms if str(self.sparsities[0]) in self.scores[self.seeds[0], arm]]
        levels = [arm for arm in self.arms if arm not in pruned]
        panels: dict[str, dict[str, Array]] = {}
        for name in drawn:
            rows = {arm: np.stack([self.values(arm, name, share) for share in self.sparsities], axis=1) for arm in pruned}
            panels[name] = rows | {arm: self.values(arm, name, self.main)[:, None] for arm in levels}
        with out_folder.filling(folder) as inside:
            self.spec.save(inside / "spec.toml")
            write_json(inside / "metrics.json", self.metrics())
            write_text(inside / "table.csv", table(self.rows(), self.seeds))
            write_text(inside / "report.md", self.report())
            if panels:
                figure = pruning_figures.curves(panels, [100 * share for share in self.sparsities])
                figures.save(figure, inside / "curves.png")
        return f"{self.text}\nresults and pictures are in {folder}"


def _words(name: str) -> str:
    return name.replace("_", " ")
