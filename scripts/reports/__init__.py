"""The outcomes of the long studies: tables, verdicts and pictures."""
