"""Compiled kernels on disk, in folders of this user, verified before use."""
