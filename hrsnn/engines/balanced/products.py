"""Products with the decoder, in kernels: neurons are the inner loop, which compilers make SIMD code of."""

from __future__ import annotations

from hrsnn.engines.jit import inlined


@inlined
def project(decoder, vector, out):
    """Write Gamma^T vector (N,) to `out`, four states at a time."""
    j_count, n = decoder.shape
    whole = j_count // 4 * 4
    for i in range(n):
        out[i] = 0.0
    for j in range(0, whole, 4):
        a, b, c, d = vector[j], vector[j + 1], vector[j + 2], vector[j + 3]
        for i in range(n):
            out[i] += decoder[j, i] * a + decoder[j + 1, i] * b + decoder[j + 2, i] * c + decoder[j + 3, i] * d
    for j in range(whole, j_count):
        a = vector[j]
        for i in range(n):
            out[i] += decoder[j, i] * a


@inlined
def furthest_above(v, threshold):
    """Return the neuron furthest above its threshold, the first of several; -1 where none is above."""
    best, who = 0.0, -1
    for i in range(len(v)):
        above = v[i] - threshold[i]
        if above > best:
            best, who = above, i
    return who


@inlined
def first_from(steps, step):
    """Return the index of the first of the ascending `steps` that is not before `step`."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if steps[middle] < step:
            low = middle + 1
        else:
            high = middle
    return low
