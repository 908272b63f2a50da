"""Stocks and flows of AI chips under policy, month by month, with correlated uncertainty."""
