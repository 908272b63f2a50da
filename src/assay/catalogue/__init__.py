"""The facts: chips, nodes, models, prices, engines, and where each comes from."""
