"""The Brian2 engine. Brian2 is imported here only."""
