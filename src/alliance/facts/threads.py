"""How many threads a fit uses: as many as it is given, and no numbers depend on them.

A rule of the workflow asks for what its family uses (`alliance.facts.families`), and gets less where the run has fewer cores; its job says
how many in the environment. Elsewhere a fit takes what it can use.
"""

import os
from typing import Final

MOST: Final = 2
SETTING: Final = "ALLIANCE_THREADS"


def threads_here() -> int:
    """Return how many threads a fit in this process may use."""
    return max(1, min(MOST, int(os.environ.get(SETTING, MOST))))
