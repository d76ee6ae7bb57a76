"""Reports on studies: tables, verdicts and figures."""
