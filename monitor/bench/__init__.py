"""What this machine carries, measured from outside: real sockets, a second process, JSON."""


class BenchError(RuntimeError):
    """The measurement cannot be made; one line that says why and what to do."""
