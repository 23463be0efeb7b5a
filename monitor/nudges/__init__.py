"""One file = one nudge; its name is its registration.

A nudge is pure: module constants and two functions over a read-only ``View``.

``TITLE``       at most 4 words
``TEXT``        at most 9 words
``REASONS``     what it may give as a reason, in English: sentences with named values, which a
                team may say in its own words or language (``monitor.reasons``)
``KIND``        what it is about; a cooldown holds per kind
``PRIORITY``    an open nudge gives way only to one clearly above it
``TTL_S``       leaves the screen after so long, and is never opened later than that
``THRESHOLDS``  numbers a team may override in ``settings.nudges.thresholds``
``need(view, th)``         why it is needed now, or None; ``Reason.t`` is when it arose
``done(view, since, th)``  how the agent did it since then, or None
``COOLDOWN_S``  optional: not again before, where that is longer than the policy's own
``holds(view, since, th)`` optional: False when what it was opened on was taken back
``called_for(view, th)``   optional, like ``need``: what it asks for is called for, though it is
                not late enough for a nudge. Whoever does it then by themselves has it on the
                scorecard; without this function only the needs are counted

More that a file may say of itself, each optional:

``CALM``        True: shown to the agent of a calm customer too. Otherwise the need is only
                recorded while nothing was said or felt that is not calm
``WARM_UP_S``   its own warm-up, from the first speech, instead of the policy's
``PRAISE``      True: a good word. May open while the customer says thanks, once a call, and
                counts neither for the budget nor for the gap
``PRIVATE``     True: for the agent only; no supervisor sees that it was opened, nor the report
``WHEN``        "after": opened when the call has ended, and stays until the agent has read it
"""
