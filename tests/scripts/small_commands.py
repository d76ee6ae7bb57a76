"""Command lines that take a second or two."""

from __future__ import annotations

#: The smallest run of each command that says anything.
SMALL = {
    "classify": ["--train", "40", "--test", "20", "--neurons", "30"],
    "memory": ["--values", "600", "--max-delay", "5", "--neurons", "30"],
    "forecast": ["--train", "200", "--test", "50", "--neurons", "30"],
    "rank": ["--stimuli", "10", "--neurons", "30"],
    "capacity": ["--values", "600", "--delays", "5", "3", "--neurons", "30"],
    "map": ["--points", "2", "--stimuli", "10", "--copies", "3", "--neurons", "30"],
    "lyapunov": ["--duration", "200", "--neurons", "30"],
    "measure": ["--stimuli", "300", "--set", "i_bias=14", "--neurons", "30"],
}
