"""From a model, a load and a service level to a deployment: how many chips of which kinds, laid out how."""
