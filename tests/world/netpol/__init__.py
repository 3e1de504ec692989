"""Makes NetworkPolicies bite in the local world, whose bridge network enforces none by itself.

`python -m tests.world.netpol --kubeconfig FILE`, started in the world's network namespace, keeps
the kernel's rules equal to the policies until it is ended, and takes them away then.
"""

from tests.world.netpol.endpoints import Neighbour
from tests.world.netpol.policies import compile_rules

__all__ = ["Neighbour", "compile_rules"]
