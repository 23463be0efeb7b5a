"""Real-time voice call monitor for contact centers."""

__version__ = "0.1.0"
