"""What `methods.md` of an out folder says: equations, protocol, statistics, seeds, versions and references of a run."""
