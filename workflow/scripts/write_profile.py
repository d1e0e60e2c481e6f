"""Make plain `snakemake --cores 2` work from any working directory while the environment is in use.

Run by make with the Python of the environment. It writes, inside the environment, a Snakemake profile that names this
project's Snakefile, and a `.pth` file that announces the profile to every Python of this environment. A Snakefile in the working
directory, options on the command line and a `SNAKEMAKE_PROFILE` of your own come first.
"""

import json
import sys
import sysconfig
from pathlib import Path

WORKFLOW = Path(__file__).resolve().parents[1]


def write_profile() -> None:
    """Write the profile and announce it."""
    profile = Path(sys.prefix) / "etc/snakemake/profile.yaml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    defaults = (WORKFLOW / "profiles/default/config.yaml").read_text(encoding="utf-8")
    profile.write_text(f"snakefile: {json.dumps(str(WORKFLOW / 'Snakefile'))}\n{defaults}", encoding="utf-8")
    here = "any(map(os.path.exists, ('Snakefile', 'workflow/Snakefile')))"
    announcement = f"import os; {here} or os.environ.setdefault('SNAKEMAKE_PROFILE', {str(profile)!r})\n"
    Path(sysconfig.get_path("purelib"), "alliance_workflow.pth").write_text(announcement, encoding="utf-8")


write_profile()
