"""Readers of data files, one format a file: from bytes to arrays, each with a table of the bytes and its source."""
