"""What balanced networks do beside their controls: tracking of a target, and cue accumulation."""
