"""Kernels of deep networks in integers: sums over spikes, fixed-point currents, neurons with states of a few bits.

Activations are (samples, height, width, channels) in 16 bits: bytes of the input, spikes, or numbers of spikes in a square.
Layers visit only activations other than 0. Currents and potentials are of 64 bits, in units of 2^-FRACTION.
"""

from __future__ import annotations

from hrsnn.engines.jit import kernel

#: Bits after the point of currents and potentials, and of the numbers of 32 bits that files have.
FRACTION, FILE_FRACTION = 36, 24


@kernel
def convolve(values, weights, stride, padding, sums):
    """Add up ``sums[n, y, x, o] = sum values * weights``; weights are (channels, kernel, kernel, outputs) in 8 bits."""
    samples, height, width, channels = values.shape
    side, outputs = weights.shape[1], weights.shape[3]
    rows, columns = sums.shape[1], sums.shape[2]
    sums[:] = 0
    for n in range(samples):
        for y in range(height):
            for x in range(width):
                for c in range(channels):
                    value = values[n, y, x, c]
                    if not value:
                        continue
                    for ky in range(side):
                        down = y + padding - ky
                        if down < 0 or down % stride or down // stride >= rows:
                            continue
                        for kx in range(side):
                            right = x + padding - kx
                            if right < 0 or right % stride or right // stride >= columns:
                                continue
                            for o in range(outputs):
                                sums[n, down // stride, right // stride, o] += value * weights[c, ky, kx, o]


@kernel
def connect(values, weights, sums):
    """Add up ``sums[n, o] = sum values * weights``; weights are (inputs, outputs) in 8 bits."""
    samples, inputs = values.shape
    outputs = weights.shape[1]
    sums[:] = 0
    for n in range(samples):
        for i in range(inputs):
            value = values[n, i]
            if value:
                for o in range(outputs):
                    sums[n, o] += value * weights[i, o]


@kernel
def add_currents(sums, factor, factor_shift, offset, offset_shift, totals):
    """Add the currents of a layer: ``totals += (factor * sums << factor_shift) + (offset << offset_shift)``."""
    positions, outputs = sums.shape
    for p in range(positions):
        for o in range(outputs):
            totals[p, o] += ((factor[o] * sums[p, o]) << factor_shift) + (offset[o] << offset_shift)


@kernel
def add_spikes(values, totals):
    """Add spikes as currents of size 1."""
    positions, outputs = values.shape
    for p in range(positions):
        for o in range(outputs):
            totals[p, o] += (totals[p, o] * 0 + values[p, o]) << FRACTION


@kernel
def fire(totals, states, table, step, threshold, levels, before_spike, spikes):
    """Advance neurons: ``u = table[q + L] + total``, a spike and q = 0 where u > threshold, else ``q = round(u / step)``.

    With `before_spike`, u is replaced by ``q step`` before it is compared. Halves are rounded to even numbers.
    """
    positions, outputs = totals.shape
    for p in range(positions):
        for o in range(outputs):
            potential = table[states[p, o] + levels] + totals[p, o]
            doubled = 2 * potential + step
            q = doubled // (2 * step)
            if doubled == q * 2 * step and q % 2:
                q -= 1
            q = min(max(q, -levels), levels)
            if before_spike:
                potential = q * step
            fired = potential > threshold
            spikes[p, o] = fired
            states[p, o] = 0 if fired else q


@kernel
def add_squares(values, side, sums):
    """Add up the values in squares: ``sums[n, y, x, c]`` of the square with the corner (side y, side x)."""
    samples, rows, columns, channels = sums.shape
    sums[:] = 0
    for n in range(samples):
        for y in range(rows * side):
            for x in range(columns * side):
                for c in range(channels):
                    sums[n, y // side, x // side, c] += values[n, y, x, c]
