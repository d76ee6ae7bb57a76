"""Commands on deep networks, a file each, and what they share."""
