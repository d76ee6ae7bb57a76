"""What a run records: counts in windows and filtered states, and traces of neurons in time."""

from hrsnn.recording.states import filtered_states, window_counts
from hrsnn.recording.traces import Traces

__all__ = ["Traces", "filtered_states", "window_counts"]
