"""Requests over an engine: steady state at a concurrency, and the search for the best deployment."""
