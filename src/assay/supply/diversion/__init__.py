"""Leads on diverted orders, never findings: public cases, synthetic orders, red flags, and what a false alarm costs."""
