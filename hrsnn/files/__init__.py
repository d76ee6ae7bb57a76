"""Files: written whole or not at all, read without trust, and had by one run at a time."""
