"""What all commands share: options, reports, repeats over seeds, runs that are kept."""
