"""Fieldstream: an event-driven data pipeline from field sensors to models."""

__version__ = "0.1.0"
