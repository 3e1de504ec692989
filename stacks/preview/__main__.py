"""One environment by hand: see README.md beside this file for the config that it takes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.preview import program

program()
