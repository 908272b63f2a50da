"""A deployment of a model on chips: the time of a step, and what fits into memory."""
