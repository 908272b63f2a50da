"""Launch commands, manifests and timing profiles of a planned deployment, for the programs that run it."""
