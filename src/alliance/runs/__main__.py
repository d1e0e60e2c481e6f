"""What make says before and after a run: ``python -m alliance.runs [--check] [overlay.yaml]``.

With ``--check`` it only reads the configuration, since Snakemake's own message for a broken file names neither file nor line.
Without, it prints where the report lies and the headline result.
"""

import sys
from pathlib import Path

from alliance.errors import AllianceError
from alliance.runs.messages import final_message, message_of
from alliance.runs.plan import merge_files
from alliance.runs.project import BASE, RESULTS


def main(arguments: list[str]) -> None:
    """Read the configuration; unless it is only to be checked, print the closing message of the run it names."""
    overlays = [Path(argument) for argument in arguments if argument != "--check"]
    try:
        config = merge_files(BASE, overlays, {})
    except AllianceError as error:
        sys.exit(message_of(error))
    if "--check" not in arguments:
        print(final_message(RESULTS / config.run.name))


if __name__ == "__main__":
    main(sys.argv[1:])
