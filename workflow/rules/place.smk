# Where this workflow lies, wherever it is used from.
#
# needs  nothing
# gives  ROOT (the folder of its code, of the settings of the main analysis and of the instruments), and IS_GUEST: whether another workflow
#        uses it as a module. Taken from a repository, `github(...)` or `gitfile(...)`, its tree is unpacked beside Snakemake's own records.
import os
import shutil
import sys
import tarfile
from pathlib import Path

HERE = workflow.current_basedir  # of this file, not of the workflow that uses it

if isinstance(HERE, os.PathLike):
    ROOT = Path(HERE).resolve().parents[1]
else:
    from git import Repo  # fails where there is no git, as in a container

    repository = HERE.hosted_repo.repo if hasattr(HERE, "hosted_repo") else Repo(HERE.repo_path)
    commit = repository.commit(HERE.ref).hexsha
    ROOT = Path(".snakemake/alliance").resolve() / commit
    if not ROOT.is_dir():
        unfinished = ROOT.with_name(f"{commit}-{os.getpid()}")
        unfinished.mkdir(parents=True)
        with open(unfinished / "tree.tar", "w+b") as archive:
            repository.archive(archive, commit)
            archive.seek(0)
            with tarfile.open(fileobj=archive) as tree:
                tree.extractall(unfinished, filter="data")
        (unfinished / "tree.tar").unlink()
        try:
            unfinished.rename(ROOT)
        except OSError:  # another process was quicker
            shutil.rmtree(unfinished)

IS_GUEST = Path(workflow.main_snakefile).resolve() != ROOT / "workflow/Snakefile"

if (ROOT / "src").is_dir():  # not in an installed package, which is on the path
    sys.path.insert(0, str(ROOT / "src"))
    # The scripts of the jobs may lie elsewhere, in a cache of Snakemake.
    os.environ.update(ALLIANCE_SOURCE=str(ROOT / "src"))
    # Snakemake has imported its plug-ins by now, and with ours perhaps another copy of the package.
    for name in [name for name in sys.modules if name.partition(".")[0] == "alliance"]:
        del sys.modules[name]
