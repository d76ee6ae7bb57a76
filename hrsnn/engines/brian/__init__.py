"""The Brian2 engine; no other folder imports Brian2."""
