"""Step by step use of networks: streams of input values, readouts that learn while they run, feedback of their output."""

from __future__ import annotations

from hrsnn.online.feedback import FeedbackReadout
from hrsnn.online.least_squares import RecursiveLeastSquares
from hrsnn.online.stream import Stream, stream

__all__ = ["FeedbackReadout", "RecursiveLeastSquares", "Stream", "stream"]
