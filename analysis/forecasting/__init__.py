"""Forecasts of a series: ridge readouts, baselines, closed loop, and errors."""
