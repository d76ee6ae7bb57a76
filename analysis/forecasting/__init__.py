"""Forecasts of a series: readouts, baselines, closed loop, and the errors of a forecast."""
