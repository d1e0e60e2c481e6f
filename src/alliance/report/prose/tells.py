"""How questions are answered that are no single contrast of a path model. To add one: a module like `levels`, and its function here.

A question names its function (`alliance.questions.declared.Question`).
"""

from collections.abc import Callable
from typing import Final

from alliance.config import Config
from alliance.report.prose.chains import tell_for_whom, tell_processes, tell_techniques, tell_with_whom
from alliance.report.prose.change import tell_change
from alliance.report.prose.development import tell_development
from alliance.report.prose.directions import tell_first
from alliance.report.prose.groups import tell_delivery, tell_populations
from alliance.report.prose.levels import tell_levels
from alliance.report.prose.parts import tell_parts
from alliance.report.prose.passage import Inputs
from alliance.report.prose.raters import tell_raters
from alliance.report.prose.responsiveness import tell_responsiveness
from alliance.report.prose.ruptures import tell_ruptures
from alliance.report.prose.told import Told

Tell = Callable[[Inputs, Config], Told | None]

TELLS: Final[dict[str, Tell]] = {
    function.__name__: function
    for function in (
        tell_delivery,
        tell_first,
        tell_for_whom,
        tell_levels,
        tell_parts,
        tell_populations,
        tell_processes,
        tell_raters,
        tell_responsiveness,
        tell_ruptures,
        tell_techniques,
        tell_with_whom,
        tell_development,
        tell_change,
    )
}
