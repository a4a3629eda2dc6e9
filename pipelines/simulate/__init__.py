"""Sensor traffic without sensors: a real record sent again as uplinks, and load made to measure."""
