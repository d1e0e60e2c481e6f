# Write the example study in data/example/ anew (make example); the result is committed.
#
# needs  config/example_study.yaml, every size and effect of the simulated study
# gives  three messy tables as a team would export them, and the truth they were made from
from pathlib import Path


include: "rules/place.smk"


workdir: ROOT


from alliance.runs.fingerprint import code_of
from alliance.steps import STEPS

EXAMPLE = Path("data/example")


rule simulate_example:
    default_target: True
    input:
        settings="config/example_study.yaml",
    output:
        sessions=EXAMPLE / "sessions.csv",
        patients=EXAMPLE / "patients.csv",
        therapists=EXAMPLE / "therapists.csv",
        truth=EXAMPLE / "truth.yaml",
    log:
        "results/example/logs/simulate_example.log",
    conda:
        "../environment.yml"
    params:
        code=code_of(STEPS["simulate_example"], scripts=[ROOT / "workflow/scripts/run_step.py"]),
    script:
        "scripts/run_step.py"
