"""What input must be: numbers, units, types, arrays, names and sizes; each check raises the project's own error."""
