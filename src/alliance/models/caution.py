"""What a reader must know of any family that estimates variances between units."""

from typing import Final

from alliance.models.container import Mark

FEWEST_PATIENTS: Final = 30
FEWEST_THERAPISTS: Final = 10


def mark_few_units(outcome: str, counts: dict[str, int], by_therapist: bool) -> list[Mark]:
    """Say whether there are enough patients and therapists for variances between them.

    Below about ten groups variances between groups are biased and intervals too narrow (McNeish and Stapleton 2016, doi
    10.1007/s10648-014-9287-x). Patients can be had in larger numbers than therapists, so more of them are asked for.

    Parameters
    ----------
    counts
        ``n_patients`` and ``n_therapists`` of the equation of `outcome`.
    by_therapist
        Whether something varies between therapists.
    """
    wanted = [("few patients", "n_patients", FEWEST_PATIENTS)]
    if by_therapist:
        wanted.append(("few therapists", "n_therapists", FEWEST_THERAPISTS))
    return [
        Mark(
            diagnostic,
            outcome,
            counts[count] >= least,
            f"With fewer than {least} of them, variances between them are poorly known and normal intervals are too narrow.",
            counts[count],
            least,
            (outcome,),
        )
        for diagnostic, count, least in wanted
    ]
