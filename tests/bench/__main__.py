"""`python -m tests.bench [NAME]`: run one benchmark, or list them; exit 0 only if limits hold."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench import chaos, deletes, feedback, pools, stacks, walk
from tests.bench.report import Report
from tests.world.prepare import prepare
from tests.world.tools import ToolError

BENCHES: dict[str, tuple[str, Callable[[], Report]]] = {
    "walk": ("a pull request from opened to ready, pushed, and gone, beside kubectl", walk.run),
    "chaos": ("a kill at every call that changes something, outages, and what is left", chaos.run),
    "chaos-postgres": ("the same on PostgreSQL, which is restarted, too", chaos.run_on_postgres),
    "deletes": ("200 environments closed at once while 5 % of all calls fail", deletes.run),
    "deletes-postgres": ("the same on PostgreSQL", deletes.run_on_postgres),
    "feedback": (
        "what GitHub is told in a storm of 1,000 pull requests, in its limits",
        feedback.run,
    ),
    "stacks": ("what 2,000 stacks in the state backend cost one operation", stacks.run),
    "pools": ("how Karpenter's answer and its CPU grow with the number of NodePools", pools.run),
}


def main(names: list[str]) -> int:
    """Run the named benchmark."""
    if not names:
        for name, (meaning, _) in BENCHES.items():
            print(f"{name:<16} {meaning}")
        return 0
    if names[0] not in BENCHES:
        print(f"there is no benchmark {names[0]!r}; there are: {', '.join(BENCHES)}")
        return 2
    try:
        prepare()
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    report = BENCHES[names[0]][1]()
    print(report.line(names[0]), flush=True)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
