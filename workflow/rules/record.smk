# What made these results, and which files they are.
#
# needs  the configuration and the export; all results
# gives  provenance (versions, seeds, hashes, code state), the merged configuration, a README, a copy of the workflow, the effect card for a synthesis
#        with other sites, and the manifest with the description for archives
LAST = (RUN_FILES["manifest"], RUN_FILES["crate"], RUN_FILE)
MANIFEST_LISTS = [name for name in plan.expected_files(cfg) if name not in LAST]
WORKFLOW_FILES = plan.workflow_files(ROOT)
WORKFLOW_SOURCES = [Path(name) if ROOT == STUDY else ROOT / name for name in WORKFLOW_FILES]
QUESTIONNAIRES = {sha256: f"questionnaire {Path(name).stem}" for name, sha256 in INSTRUMENT_CONTENTS.items()}

FITS = {name: code_with("fit_model", FAMILIES[SPECS[name].family].module) for name in cfg.models.fit}
FINGERPRINTS = {name: code["fingerprint"] for name, code in {**CODE, **FITS}.items()}


rule record_provenance:
    input:
        data=list(TABLE_FILES.values()),
        instruments=INSTRUMENT_FILES,
        workflow=WORKFLOW_SOURCES,
        after=OUT / ACCEPTED,  # what made earlier results stays on record as long as data with errors have made no others
    output:
        provenance=OUT / RUN_FILES["provenance"],
        config=OUT / RUN_FILES["config"],
        readme=OUT / RUN_FILES["readme"],
        copies=[OUT / name for name in WORKFLOW_FILES],
    log:
        LOGS / "record_provenance.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("record_provenance"),
    params:
        settings=SHOWN,
        origin=ORIGIN,
        fingerprints=FINGERPRINTS,
        read=CONTENTS,
        contents=list(contents_of(WORKFLOW_SOURCES).values()),
        code=CODE["record_provenance"],
    script:
        "../scripts/run_step.py"


rule write_card:
    input:
        estimates=ARTEFACT["estimates"],
        panel=ARTEFACT["panel"],
    output:
        card=OUT / RUN_FILES["card"],
    log:
        LOGS / "write_card.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("write_card"),
    params:
        # As for figures: the card names measures by their labels, but which figures and tables are drawn is nothing to it.
        settings=lambda wildcards, input: SHOWN,
        redrawn_for={name: section for name, section in SHOWN.items() if name != "output"},
        code=CODE["write_card"],
    script:
        "../scripts/run_step.py"


rule write_manifest:
    input:
        files=[OUT / name for name in MANIFEST_LISTS],
    output:
        manifest=OUT / RUN_FILES["manifest"],
        crate=OUT / RUN_FILES["crate"],
    log:
        LOGS / "write_manifest.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("write_manifest"),
    params:
        stray=STRAY,
        folder=lambda wildcards, output: Path(output.manifest).parent.as_posix(),
        run=PLAIN["run"],
        description=cfg.study.description,
        licence=cfg.output.licence,
        publisher=PLAIN["output"]["publisher"],
        known=QUESTIONNAIRES,
        code=CODE["write_manifest"],
    script:
        "../scripts/run_step.py"
