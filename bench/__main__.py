"""Measure: `python -m bench full`, `quick` or `growth`; README.md explains them."""

import sys

from bench.comparison import compare
from bench.plan import FULL, QUICK
from bench.scale import grow

match sys.argv[1:]:
    case ["full"]:
        compare("full", FULL)
    case ["quick"]:
        compare("quick", QUICK)
    case ["growth"]:
        grow()
    case _:
        sys.exit(__doc__)
