"""Lyapunov exponents: of spiking reservoirs along their exact trajectories, and of any map or flow."""
