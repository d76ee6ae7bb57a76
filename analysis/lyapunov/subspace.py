"""The subspace of the tangent that spikes can reach; the remaining exponents are known in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orth

from hrsnn.analysis.lyapunov.qr import orthonormalise

Array = NDArray[np.float64]


class ReachableSubspace:
    """Orthonormal coordinates of v and of the changes that spikes can make to the currents of n neurons.

    A spike moves all currents along one direction, the weights of its source, so that dI_exc stays in their span where
    tau_exc is the same for all neurons, and dI_inh likewise. This leaves n + rank_exc + rank_inh dimensions, about 2 n of
    the 3 n; the others decay at exactly -1/tau_exc and -1/tau_inh. Lengths are those of the full space.

    Parameters
    ----------
    jumps_exc, jumps_inh : array (n, sources)
        Directions in which spikes move the currents.
    """

    def __init__(self, jumps_exc: Array, jumps_inh: Array) -> None:
        self.n = len(jumps_exc)
        self.exc, self.inh = _basis(jumps_exc), _basis(jumps_inh)

    @property
    def dimension(self) -> int:
        """Dimension of the subspace."""
        return int(self.n + self.exc.shape[1] + self.inh.shape[1])

    def start(self) -> Array:
        """Initial vectors (3 n, dimension), v of each neuron before the currents."""
        n, exc = self.n, self.exc.shape[1]
        vectors = np.zeros((3 * n, self.dimension))
        vectors[:n, :n] = np.eye(n)
        vectors[n : 2 * n, n : n + exc] = self.exc
        vectors[2 * n :, n + exc :] = self.inh
        return vectors

    def orthonormalise(self, tangent: Array) -> tuple[Array, Array]:
        """Orthonormalise as :func:`~.qr.orthonormalise` does, in these coordinates: fewer rows, the same lengths."""
        n, exc, dimension = self.n, self.exc.shape[1], self.dimension
        small = np.empty((dimension + len(tangent) - 3 * n, tangent.shape[1]), order="F")
        small[:n], small[dimension:] = tangent[:n], tangent[3 * n :]
        np.matmul(self.exc.T, tangent[n : 2 * n], out=small[n : n + exc])
        np.matmul(self.inh.T, tangent[2 * n : 3 * n], out=small[n + exc : dimension])
        small, log_growth = orthonormalise(small, overwrite=True)
        vectors = np.empty_like(tangent)
        vectors[:n], vectors[3 * n :] = small[:n], small[dimension:]
        np.matmul(self.exc, small[n : n + exc], out=vectors[n : 2 * n])
        np.matmul(self.inh, small[n + exc : dimension], out=vectors[2 * n : 3 * n])
        return vectors, log_growth

    def unreached(self) -> Array:
        """Shares (2, n) of each neuron's unit vectors of I_exc and I_inh that lie outside the subspace."""
        return 1 - np.stack([(basis**2).sum(axis=1) for basis in (self.exc, self.inh)])


def _basis(jumps: Array) -> Array:
    if not jumps.any():
        return np.zeros((len(jumps), 0))
    norms = np.linalg.norm(jumps, axis=0)
    return np.asarray(orth(jumps[:, norms > 0] / norms[norms > 0]))
