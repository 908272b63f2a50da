"""Dollars and joules: what an hour of a chip costs, what it draws, and what a token costs then."""
