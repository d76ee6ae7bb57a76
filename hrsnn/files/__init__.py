"""File access: atomic writing, reading with validation, and locks."""
