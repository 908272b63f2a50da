"""Requests through schedulers, one event at a time: what users of a deployment will see."""
