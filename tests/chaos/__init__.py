"""The world put into disorder: faults at each call that changes something, and what is left.

`proxy` stands before the API server, AWS and GitHub and does a fault at the call it was told;
`scan` finds what is left over, by itself; `runner` walks pull requests through every fault, two
at a time. `python -m tests.chaos --point 'close after DeleteDistribution engine'` repeats one.
"""
