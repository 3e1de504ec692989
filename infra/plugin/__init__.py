"""`pulumi-resource-understudy`: the resources that no published provider has.

A plugin of its own rather than a dynamic provider, which would pickle its code into every stack's
state, where no upgrade can mend it.
"""
