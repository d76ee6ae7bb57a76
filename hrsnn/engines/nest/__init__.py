"""The grid model on NEST."""
