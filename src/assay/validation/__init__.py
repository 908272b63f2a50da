"""How right is it? Predictions against what others measured: kernels and deployments, scored by group."""
