# The calibration of posteriors (make calibration). Takes an hour on two cores; goes on where it was stopped. What was found is documented
# in validation/. Bias and coverage in known worlds are the other half, `alliance.steps.recovery` (make recovery).
#
# needs  calibration, sampling and seed of config/recovery.yaml; of config/config.yaml the priors and the limits of the diagnostics
# gives  results/recovery/: ranks, their tests, and plots; copied to validation/ on request
#
#   snakemake --snakefile workflow/recovery.smk --cores 2 summarise_calibration    ranks and their tests
#   snakemake --snakefile workflow/recovery.smk --cores 2 publish_validation       their copies in validation/, too
#
# A file given by --configfile changes settings; its key "out" names another folder for results.
import sys
from pathlib import Path


include: "rules/place.smk"


workdir: ROOT


from alliance.errors import AllianceError
from alliance.certify.settings import Certification, jobs_of
from alliance.runs import plan
from alliance.runs.fingerprint import code_of
from alliance.runs.messages import message_of
from alliance.steps import STEPS
from alliance.worlds.settings import read_settings

OUT = Path(config.get("out", "results/recovery"))
LOGS = OUT / "logs"
VALIDATION = Path("validation")
SCRIPT = ROOT / "workflow/scripts/run_step.py"

try:
    changes = {key: value for key, value in config.items() if key != "out"}
    USED = read_settings(ROOT / "config/recovery.yaml", Certification, changes)
    MAIN = plan.plain(plan.merge_files(ROOT / "config/config.yaml", [], {}))
except AllianceError as error:
    sys.exit(message_of(error))

PLAIN = USED.model_dump(mode="json")
DPI = 150
CODE = {step: code_of(module, scripts=[SCRIPT]) for step, module in STEPS.items()}
ENGINES = USED.calibration.engines
CALIBRATION_FILES = [
    "calibration.csv",
    "ranks.csv",
    "rank_ecdf.svg",
    "rank_ecdf.png",
    "rank_histograms.svg",
    "rank_histograms.png",
]


wildcard_constraints:
    engine="|".join(ENGINES),
    first=r"\d+",
    end=r"\d+",


rule summarise_calibration:
    input:
        ranks=[
            OUT / f"ranks/{name}/{first}-{end}.parquet"
            for name, engine in ENGINES.items()
            for first, end in jobs_of(engine.data_sets, engine.per_job)
        ],
    output:
        table=OUT / "calibration.csv",
        counts=OUT / "ranks.csv",
        ecdf_svg=OUT / "rank_ecdf.svg",
        ecdf_png=OUT / "rank_ecdf.png",
        histogram_svg=OUT / "rank_histograms.svg",
        histogram_png=OUT / "rank_histograms.png",
    log:
        LOGS / "summarise_calibration.log",
    conda:
        "../environment.yml"
    params:
        level=USED.calibration.level,
        seed=USED.seed,
        engines={name: engine.label for name, engine in ENGINES.items()},
        dpi=DPI,
        code=CODE["summarise_calibration"],
    script:
        "scripts/run_step.py"


rule rank_parameters:
    output:
        ranks=OUT / "ranks/{engine}/{first}-{end}.parquet",
    log:
        LOGS / "rank_parameters/{engine}-{first}-{end}.log",
    conda:
        "../environment.yml"
    params:
        calibration={**PLAIN["calibration"], "engines": {}},
        engine="{engine}",
        numbers=lambda wildcards: (int(wildcards.first), int(wildcards.end)),
        seed=USED.seed,
        priors=MAIN["priors"],
        sampling=PLAIN["sampling"],
        inference=MAIN["inference"],
        code=CODE["rank_parameters"],
    script:
        "scripts/run_step.py"


rule publish_validation:
    input:
        made=[OUT / name for name in CALIBRATION_FILES],
    output:
        **{name.replace(".", "_"): VALIDATION / name for name in CALIBRATION_FILES},
    log:
        LOGS / "publish_validation.log",
    conda:
        "../environment.yml"
    params:
        code=CODE["publish_validation"],
    script:
        "scripts/run_step.py"
