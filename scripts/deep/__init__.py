"""Commands on deep networks, ``hrsnn deep VERB``, a file each, and what they share."""
