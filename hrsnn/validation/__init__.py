"""Validation of input: numbers, units, types, arrays, names and sizes; failed checks raise `InputError`."""
