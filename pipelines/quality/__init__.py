"""Quality: what neighbours in time and the place of a device say against an observation."""
