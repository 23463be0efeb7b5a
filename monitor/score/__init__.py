"""How well a monitor hears: its events against reference annotations of real calls."""


class ScoreError(RuntimeError):
    """The measurement cannot be made; one line that says why and what to do."""
