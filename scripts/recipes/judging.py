"""Verdicts on the claims of a recipe, tested as one family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hrsnn.analysis import PairedTest
    from hrsnn.analysis.claims import Verdict


@dataclass(frozen=True)
class Reading:
    """What is measured to test a claim.

    Parameters
    ----------
    claim : str
        Name of its entry in claims.toml.
    measured : str
        The difference that is positive if the claim is true, in words.
    differences : array (seeds,), optional
        The difference by seed; None if the claim cannot be tested.
    reason : str
        Why it cannot be tested.
    """

    claim: str
    measured: str
    differences: NDArray[np.float64] | None = None
    reason: str = ""


@dataclass(frozen=True)
class ClaimResult:
    """Verdict on a claim; without a test, the reason is given."""

    claim: str
    measured: str
    verdict: Verdict
    test: PairedTest | None = None
    #: p-value with Holm's correction over all claims of the recipe that were tested.
    adjusted: float | None = None
    reason: str = ""

    def plain(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        test = self.test
        return {
            "claim": self.claim,
            "measured": self.measured,
            "verdict": self.verdict,
            "mean_difference": None if test is None else test.mean,
            "interval": None if test is None else test.interval,
            "p_value": None if test is None else test.p_value,
            "p_value_holm": self.adjusted,
            "differences": None if test is None else test.differences,
            "reason": self.reason,
        }


def judge(readings: Sequence[Reading]) -> list[ClaimResult]:
    """Test all readings with differences as one family at 5 %; the others have no verdict.

    Seeds in which a difference is nan are omitted from its test; with fewer than two, no verdict is possible.

    Examples
    --------
    >>> found = judge([Reading("a", "x - y", np.arange(1.0, 9.0)), Reading("b", "z", reason="z is not published")])
    >>> [(one.claim, one.verdict, one.adjusted) for one in found]
    [('a', 'supported', 0.0078125), ('b', 'no verdict possible', None)]
    """
    from hrsnn.analysis import holm, paired_test, verdicts

    known = {
        place: reading.differences[np.isfinite(reading.differences)]
        for place, reading in enumerate(readings)
        if reading.differences is not None
    }
    tests = {place: paired_test(differences) for place, differences in known.items() if len(differences) > 1}
    adjusted = holm([test.p_value for test in tests.values()]).tolist() if tests else []
    said = verdicts(list(tests.values()), [1] * len(tests)) if tests else []
    tested = {
        place: (test, float(p), verdict) for (place, test), p, verdict in zip(tests.items(), adjusted, said, strict=True)
    }
    results = []
    for place, reading in enumerate(readings):
        if place in tested:
            test, p, verdict = tested[place]
            results.append(ClaimResult(reading.claim, reading.measured, verdict, test, p))
        else:
            reason = reading.reason or "it is defined in fewer than two seeds"
            results.append(ClaimResult(reading.claim, reading.measured, "no verdict possible", reason=reason))
    return results


def least_certain(parts: Mapping[str, NDArray[np.float64]]) -> tuple[str, NDArray[np.float64]]:
    """Return the part of a claim that is the least certain: the one with the smallest mean difference for its spread.

    A claim of several parts is true if all are, so that it is tested on this one.

    Examples
    --------
    >>> name, found = least_certain({"fewer": np.array([1.0, 1.1, 0.9]), "better": np.array([1.0, 3.0, -1.0])})
    >>> name, found.tolist()
    ('better', [1.0, 3.0, -1.0])
    """

    def certainty(name: str) -> float:
        known = parts[name][np.isfinite(parts[name])]
        if len(known) < 2:
            return -np.inf
        mean, spread = float(known.mean()), float(known.std(ddof=1))
        return mean / spread if spread > 0 else float(np.sign(mean)) * 1e9

    name = min(parts, key=certainty)
    return name, parts[name]


def family_size(readings: Sequence[Reading]) -> int:
    """Return the number of readings that are tested."""
    return sum(reading.differences is not None for reading in readings)
