"""What a reader must know of any family that estimates variances between units."""

from alliance.facts.marks import Mark


def mark_few_units(outcome: str, counts: dict[str, int], by_therapist: bool) -> list[Mark]:
    """Say whether there are enough patients and therapists for variances between them.

    Below about ten groups variances between groups are biased and intervals too narrow (McNeish and Stapleton 2016, doi
    10.1007/s10648-014-9287-x).

    Parameters
    ----------
    counts
        ``n_patients`` and ``n_therapists`` of the equation of `outcome`.
    by_therapist
        Whether something varies between therapists.
    """
    units = ("patients", "therapists") if by_therapist else ("patients",)
    return [Mark(f"few_{unit}", outcome, counts[f"n_{unit}"], outcomes=(outcome,)) for unit in units]
