"""Language models: config.json to an architecture, its parameters, and the operators of one forward step."""
