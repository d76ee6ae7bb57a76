"""Integer kernels of packed deep networks (:mod:`hrsnn.deep.packed`), in Numba."""
