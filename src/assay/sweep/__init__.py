"""One pure function over a grid of requests, on any executor, into a store that survives a kill."""
