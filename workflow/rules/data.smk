# From the export to the panel.
#
# needs  the tables of the export (data.*.path) and config/instruments/*.yaml
# gives  findings of the checks; clean tables of sessions, patients and therapists with codes for ids; the patient flow
#        so far; scores with reliability; the panel, one row for each patient and session; where it is allowed, a data set for others
TABLE_FILES = plan.data_files(cfg)
INSTRUMENT_FILES = [instrument_files(*INSTRUMENTS)[name] for name in plan.instruments_of(cfg)]
# Files that are given count by content: what replaces one may bear an older time stamp (cp -p, unzip, a backup).
INSTRUMENT_CONTENTS = {named_in_results(path): sha256 for path, sha256 in contents_of(INSTRUMENT_FILES).items()}
CONTENTS = {**contents_of(TABLE_FILES.values()), **INSTRUMENT_CONTENTS}
MEASURED = plan.bare_variables(cfg.variables, scored=False)
SCORED = plan.bare_variables(cfg.variables)
# Which code stands for which id of the export: written only if the configuration allows it.
IDS = {"ids": OUT / IDS_FILE} if cfg.privacy.original_ids else {}


rule check_data:
    input:
        unpack(export_files),
        instruments=INSTRUMENT_FILES,
    output:
        checks=ARTEFACT["checks"],
        typed=temp(TYPED),
    log:
        LOGS / "check_data.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("check_data"),
    params:
        data=PLAIN["data"],
        variables=MEASURED,
        cleaning=seal_ids(PLAIN["cleaning"], CONTENTS),
        smallest_groups=smallest_groups(cfg),
        contents=CONTENTS,
        code=CODE["check_data"],
    script:
        "../scripts/run_step.py"


# A rule of its own, since Snakemake removes a rule's earlier results before it runs: data with errors leave them untouched.
rule accept_data:
    input:
        checks=ARTEFACT["checks"],
    output:
        accepted=OUT / ACCEPTED,
    log:
        LOGS / "accept_data.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("accept_data"),
    params:
        code=CODE["accept_data"],
    script:
        "../scripts/run_step.py"


# Beside the steps that compute: another label writes the codebook anew, and computes nothing.
rule write_codebook:
    input:
        **TABLE_FILES,
        instruments=INSTRUMENT_FILES,
        checks=ARTEFACT["checks"],
        after=OUT / ACCEPTED,
    output:
        **{name: ARTEFACT[name] for name in made_by("write_codebook")},
        page=OUT / plan.CODEBOOK_PAGE,
    log:
        LOGS / "write_codebook.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("write_codebook"),
    params:
        # As for figures: what decides is what is shown of the settings.
        settings=lambda wildcards, input: SHOWN,
        redrawn_for=plan.shown_settings(cfg),
        cleaning=seal_ids(PLAIN["cleaning"], CONTENTS),
        contents=CONTENTS,
        code=CODE["write_codebook"],
    script:
        "../scripts/run_step.py"


rule clean_data:
    input:
        typed=TYPED,
        after=OUT / ACCEPTED,
    output:
        **IDS,
        **{name: ARTEFACT[name] for name in made_by("clean_data")},
        flow_data=OUT / FLOW_DATA,
    log:
        LOGS / "clean_data.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("clean_data"),
    params:
        code=CODE["clean_data"],
    script:
        "../scripts/run_step.py"


rule score_measures:
    input:
        sessions=ARTEFACT["sessions"],
        instruments=INSTRUMENT_FILES,
    output:
        **{name: ARTEFACT[name] for name in made_by("score_measures")},
    log:
        LOGS / "score_measures.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("score_measures"),
    params:
        variables=SCORED,
        seed=plan.seed_of_scores(cfg),
        # Not recorded by Snakemake, since it has an argument beside wildcards: another comparison computes nothing again.
        reuse_from=lambda wildcards, input: COMPARED,
        contents=INSTRUMENT_CONTENTS,
        code=CODE["score_measures"],
    script:
        "../scripts/run_step.py"


rule build_panel:
    input:
        scores=ARTEFACT["scores"],
        patients=ARTEFACT["patients"],
        therapists=ARTEFACT["therapists"],
        instruments=INSTRUMENT_FILES,
    output:
        panel=ARTEFACT["panel"],
    log:
        LOGS / "build_panel.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("build_panel"),
    params:
        variables=SCORED,
        lag=cfg.panel.lag,
        max_gap_days=cfg.panel.max_gap_days,
        contents=INSTRUMENT_CONTENTS,
        code=CODE["build_panel"],
    script:
        "../scripts/run_step.py"


# Asked for only where the configuration allows it.
rule share_data:
    input:
        sessions=ARTEFACT["sessions"],
        patients=ARTEFACT["patients"],
        therapists=ARTEFACT["therapists"],
        instruments=INSTRUMENT_FILES,
    output:
        **{name: OUT / path for name, path in plan.SHARED.items()},
    log:
        LOGS / "share_data.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("share_data"),
    params:
        settings=SHOWN,
        contents=INSTRUMENT_CONTENTS,
        code=CODE["share_data"],
    script:
        "../scripts/run_step.py"
