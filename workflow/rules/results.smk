# From estimates to what people read.
#
# needs  the artefacts that each figure and table names in NEEDS; for a comparison, the estimates of other finished runs
# gives  figures (SVG, PNG, values as CSV), tables (CSV, HTML, Word, LaTeX), their captions (JSON), the comparison, the report, its supplement and its headline
FIGURE_FILES = expand(OUT / "figures/{name}.{ending}", name=plan.figures_of(cfg), ending=plan.FIGURE_FORMATS)
TABLE_FILES_MADE = expand(OUT / "tables/{name}.{ending}", name=plan.tables_of(cfg), ending=plan.TABLE_FORMATS)
OTHERS = [RESULTS / name for name in cfg.run.compare_to]
OTHER_ESTIMATES = [folder / ARTEFACTS["estimates"].path for folder in OTHERS]
OTHER_CONFIGS = [folder / RUN_FILES["config"] for folder in OTHERS]


rule draw_figure:
    input:
        unpack(lambda wildcards: {need: str(ARTEFACT[need]) for need in plan.needs_of("figures", wildcards.name)}),
    output:
        svg=report(
            OUT / "figures/{name}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{name}", "format": "SVG"},
        ),
        png=OUT / "figures/{name}.png",
        values=OUT / "figures/{name}.csv",
        text=OUT / "figures/{name}.json",
    log:
        LOGS / "draw_figure/{name}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("draw_figure"),
    params:
        name="{name}",
        number=lambda wildcards: plan.number_of(cfg, "figure", wildcards.name),
        # Not recorded by Snakemake, since it has an argument beside wildcards; redrawn_for is what triggers.
        settings=lambda wildcards, input: SHOWN,
        redrawn_for=plan.shown_settings(cfg),
        code=lambda wildcards: code_with("draw_figure", plan.FIGURES[wildcards.name]),
    script:
        "../scripts/run_step.py"


rule write_table:
    input:
        unpack(lambda wildcards: {need: str(ARTEFACT[need]) for need in plan.needs_of("tables", wildcards.name)}),
    output:
        csv=OUT / "tables/{name}.csv",
        html=report(
            OUT / "tables/{name}.html",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{name}"},
        ),
        docx=OUT / "tables/{name}.docx",
        tex=OUT / "tables/{name}.tex",
        text=OUT / "tables/{name}.json",
    log:
        LOGS / "write_table/{name}.log",
    # Files that the report itself puts beside the tables are none of them.
    wildcard_constraints:
        name=rf"(?!(?:{'|'.join(plan.beside_tables())})\.)[a-z][a-z0-9_]*",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("write_table"),
    params:
        name="{name}",
        number=lambda wildcards: plan.number_of(cfg, "table", wildcards.name),
        settings=lambda wildcards, input: SHOWN,
        redrawn_for=plan.shown_settings(cfg),
        code=lambda wildcards: code_with("write_table", plan.TABLES[wildcards.name]),
    script:
        "../scripts/run_step.py"


rule compare_runs:
    input:
        estimates=ARTEFACT["estimates"],
        config=OUT / RUN_FILES["config"],
        other_estimates=OTHER_ESTIMATES,
        other_configs=OTHER_CONFIGS,
    output:
        **{name: ARTEFACT[name] for name in made_by("compare_runs")},
    log:
        LOGS / "compare_runs.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("compare_runs"),
    params:
        runs=cfg.run.compare_to,
        contents=contents_of([*OTHER_ESTIMATES, *OTHER_CONFIGS]),
        code=CODE["compare_runs"],
    script:
        "../scripts/run_step.py"


rule compare_truth:
    input:
        estimates=ARTEFACT["estimates"],
        corrected=ARTEFACT["corrected"],
        known=cfg.study.truth or [],
    output:
        truth=ARTEFACT["truth"],
    log:
        LOGS / "compare_truth.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("compare_truth"),
    params:
        # As for figures: what decides is which models are compared, not how they are shown.
        settings=lambda wildcards, input: SHOWN,
        redrawn_for=[cfg.panel.lag, *(plan.bare_spec(SPECS[name]) for name in cfg.models.fit)],
        contents=contents_of([cfg.study.truth] if cfg.study.truth else []),
        code=CODE["compare_truth"],
    script:
        "../scripts/run_step.py"


rule write_report:
    input:
        **{artefact.name: OUT / artefact.path for artefact in plan.artefacts_of(cfg) if artefact.in_report},
        figures=FIGURE_FILES,
        tables=TABLE_FILES_MADE,
        provenance=OUT / RUN_FILES["provenance"],
    output:
        report=report(
            OUT / RUN_FILES["report"],
            caption="../report/report.rst",
            category="Report",
        ),
        supplement=report(
            OUT / RUN_FILES["supplement"],
            caption="../report/supplement.rst",
            category="Report",
        ),
        text=OUT / RUN_FILES["text"],
        numbers=OUT / RUN_FILES["numbers"],
        references=OUT / RUN_FILES["references"],
        answers_word=OUT / RUN_FILES["answers_word"],
        answers_latex=OUT / RUN_FILES["answers_latex"],
        headline=OUT / RUN_FILES["headline"],
    log:
        LOGS / "write_report.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("write_report"),
    params:
        settings=SHOWN,
        code=CODE["write_report"],
    script:
        "../scripts/run_step.py"
