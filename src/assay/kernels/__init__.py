"""Operators on a chip: seconds from the datasheet, by family, vectorised."""
