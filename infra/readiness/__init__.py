"""Whether an environment serves: decided in one place, for the bot and for a run by hand.

`connection` asks the cluster, `podstate` reads the answers (pure), `watch` follows a namespace and
yields `progress`, `gate` ends a program that is run by hand. Free of Pulumi, so that the bot can
use it; decision 0005 says why it is here.
"""
