"""Assay: find out what an AI chip is really worth."""

__version__ = "0.1.0"
