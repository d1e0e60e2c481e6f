"""Write environment.yml from the lock, so that conda users get the same versions: `write_environment.py LOCK TARGET`.

Run by make lock. The packages are pinned as pip requirements, since conda channels do not carry every version.
"""

import re
import sys
from pathlib import Path

HEAD = """\
# The versions of requirements.lock for conda users; written by make lock, do not edit.
#   conda env create -f environment.yml && conda activate alliance && pip install --no-deps --editable .
name: alliance
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.13
  - pip
  - pip:
"""


def environment_of(lock: str) -> str:
    """Return the text of environment.yml for the text of a lock."""
    pins = re.findall(r"^([A-Za-z0-9][^\s\\]*==[^\\\n]*?)\s*\\?$", lock, flags=re.MULTILINE)
    return HEAD + "".join(f'      - "{pin}"\n' for pin in pins)


if __name__ == "__main__":
    lock, target = map(Path, sys.argv[1:])
    target.write_text(environment_of(lock.read_text(encoding="utf-8")), encoding="utf-8")
