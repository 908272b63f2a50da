"""Price, energy and ownership: dollars an hour, a million tokens, and joules a token."""
