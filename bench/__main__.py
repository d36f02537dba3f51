"""Measure: `python -m bench full`, `quick`, `growth` or `many`; README.md explains them."""

import sys

from bench.comparison import compare
from bench.many import many
from bench.plan import FULL, QUICK
from bench.scale import grow

match sys.argv[1:]:
    case ["full"]:
        compare("full", FULL)
    case ["quick"]:
        compare("quick", QUICK)
    case ["growth"]:
        grow()
    case ["many"]:
        many()
    case _:
        sys.exit(__doc__)
