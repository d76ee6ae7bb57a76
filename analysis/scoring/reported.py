"""Scores that commands compute in their own way, declared for their bounds, directions and labels."""

from __future__ import annotations

from hrsnn.analysis.scoring.contract import CORRELATION, POSITIVE, SHARE, Score

CAPACITY = Score(label="Capacity", bounds=POSITIVE, better=1)
RANK = Score(label="Rank", bounds=POSITIVE, better=1, family="skill")
GENERALISATION_RANK = Score(label="Generalisation rank", bounds=POSITIVE)
RANK_DIFFERENCE = Score(label="Difference of ranks", better=1)
SEPARATION = Score(label="Separation", bounds=POSITIVE, better=1)
CORRELATION_OF_STATES = Score(label="Correlation", bounds=CORRELATION)
SYNCHRONY = Score(label="Synchrony", bounds=SHARE)
PARTICIPATION = Score(label="Participation ratio", bounds=SHARE)
RATE = Score(label="Rate", unit="Hz", bounds=POSITIVE)
ENERGY = Score(label="Energy", unit="J", bounds=POSITIVE, better=-1, family="cost")
INTERVAL_VARIATION = Score(label="CV of interspike intervals", bounds=POSITIVE)
FANO_FACTOR = Score(label="Fano factor", bounds=POSITIVE)
BRANCHING_PARAMETER = Score(label="Branching parameter", bounds=POSITIVE)
INHIBITION_OVER_EXCITATION = Score(label="Inhibition over excitation", bounds=POSITIVE)
SPECTRUM_DISTANCE = Score(label=r"$W_1$ of spectra", unit="1/s", bounds=POSITIVE, better=-1, family="distance")
EPSILON = Score(label=r"Error $\epsilon$ of the quadratic form", bounds=POSITIVE)
LARGEST_EXPONENT = Score(label=r"$\lambda_1$", unit="1/s")
KAPLAN_YORKE_DIMENSION = Score(label="Kaplan-Yorke dimension", bounds=POSITIVE)
LINKS = Score(label="Links", bounds=POSITIVE)
NEURONS = Score(label="Neurons", bounds=POSITIVE)
RECIPROCITY = Score(label="Reciprocal links", bounds=SHARE)
CLUSTERING = Score(label="Clustering coefficient", bounds=SHARE)
STRONG_COMPONENT = Score(label="Strong component", bounds=POSITIVE)
