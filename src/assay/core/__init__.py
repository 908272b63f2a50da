"""Units, provenance, errors and intervals: the vocabulary of every room. Imports nothing of assay."""
