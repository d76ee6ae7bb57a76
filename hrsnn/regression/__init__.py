"""Ridge readouts of a series: linear, and quadratic in the leading components of the states."""
