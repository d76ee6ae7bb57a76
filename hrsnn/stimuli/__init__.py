"""What a network is shown, and the one rule of the time that it is shown on."""
