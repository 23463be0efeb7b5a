"""Trying a policy before it goes live: on written cases, and on calls that have been."""


class RehearsalError(ValueError):
    """A case or a call cannot be used; the message says which and why."""
