"""The fit of the coefficients: measured tables in, coefficient files out; any chip or generation can be left out."""

from assay.kernels.fit.fit import fitted

__all__ = ["fitted"]
