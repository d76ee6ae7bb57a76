"""Code shared by all commands: options, reports, repeats over seeds, and stored runs."""
