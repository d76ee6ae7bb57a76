"""The exact engine: event by event, without a time grid."""
