"""Small pictures as SVG text: histograms and spike rasters, with axes labelled in words and units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike

_WIDTH, _HEIGHT, _MARGIN = 240, 90, 16
_DRAWN = 3000  #: spikes of a raster at most


def histogram(values: ArrayLike, label: str, bins: int = 24, colour: str = "#0072B2") -> str:
    """Return a histogram of finite values; a label below says what they are, with its unit.

    Examples
    --------
    >>> histogram([1.0, 2.0, 2.0], "tau_m (ms)").count("<rect")
    24
    """
    heights, edges = np.histogram(np.asarray(values, float).ravel(), bins)
    width, most = _WIDTH / bins, max(int(heights.max()), 1)
    bars = (
        f'<rect x="{k * width:.1f}" y="{_HEIGHT * (1 - height / most):.1f}" width="{width - 1:.1f}" '
        f'height="{_HEIGHT * height / most:.1f}" fill="{colour}"/>'
        for k, height in enumerate(heights)
    )
    return _picture(bars, label, f"{edges[0]:.4g}", f"{edges[-1]:.4g}")


def raster(times: Sequence[float] | np.ndarray, rows: Sequence[int] | np.ndarray, duration: float, count: int) -> str:
    """Return a raster of spikes at `times` (ms) of `count` rows; of more than 3000, one of so many.

    Examples
    --------
    >>> raster([1.0, 5.0], [0, 3], 10.0, 4).count("M")
    2
    """
    step = -(-len(times) // _DRAWN) or 1
    x = np.asarray(times, float)[::step] * (_WIDTH / max(duration, 1e-9))
    y = np.asarray(rows)[::step] * (_HEIGHT / max(count, 1))
    path = "".join(f"M{a:.1f} {b:.1f}v2" for a, b in zip(x, y, strict=True))
    label = "spikes: neurons against time (ms)" + (f", one of {step}" if step > 1 else "")
    return _picture([f'<path d="{path}" stroke="#000" stroke-width="1"/>'], label, "0", f"{duration:g}")


def _picture(shapes: Iterable[str], label: str, first: str, last: str) -> str:
    axis = f'<line x1="0" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}" stroke="#7F7F7F"/>'
    text = "".join(
        f'<text x="{x}" y="{_HEIGHT + 12}" text-anchor="{anchor}" font-size="10" fill="currentColor">{escape(word)}</text>'
        for x, anchor, word in ((0, "start", first), (_WIDTH / 2, "middle", label), (_WIDTH, "end", last))
    )
    size = f'width="{_WIDTH}" height="{_HEIGHT + _MARGIN}" viewBox="0 -2 {_WIDTH} {_HEIGHT + _MARGIN}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(shapes)}{axis}{text}</svg>'
