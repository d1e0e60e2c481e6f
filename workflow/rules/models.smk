# From the panel to estimates.
#
# needs  the panel, how reliable scores are and what they mean, the patient flow so far, and models.specs
# gives  draws of the paths and the patient flow of each model in models.fit; every artefact that is declared as made by collect_estimates
SPECS = cfg.models.specs


rule fit_model:
    input:
        panel=ARTEFACT["panel"],
        reliability=ARTEFACT["reliability"],
        meanings=ARTEFACT["meanings"],
    output:
        draws=OUT / "models/{model}/draws.nc",
        flow=OUT / "models/{model}/flow.csv",
    log:
        LOGS / "fit_model/{model}.log",
    conda:
        "../../environment.yml"
    threads: lambda wildcards: FAMILIES[SPECS[wildcards.model].family].threads
    resources:
        mem_mb=asks("fit_model"),
    params:
        model="{model}",
        spec=lambda wildcards: plan.bare_spec(SPECS[wildcards.model]),
        settings=lambda wildcards: settings_for(SPECS[wildcards.model], cfg),
        # Not recorded by Snakemake, since it has an argument beside wildcards: another comparison fits nothing again.
        reuse_from=lambda wildcards, input: COMPARED,
        code=lambda wildcards: code_with("fit_model", FAMILIES[SPECS[wildcards.model].family].module),
    script:
        "../scripts/run_step.py"


rule collect_estimates:
    input:
        model_draws=expand(OUT / "models/{model}/draws.nc", model=cfg.models.fit),
        model_flows=expand(OUT / "models/{model}/flow.csv", model=cfg.models.fit),
        flow_data=OUT / FLOW_DATA,
    output:
        **{name: ARTEFACT[name] for name in made_by("collect_estimates")},
    log:
        LOGS / "collect_estimates.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=asks("collect_estimates"),
    params:
        inference=PLAIN["inference"],
        code=CODE["collect_estimates"],
    script:
        "../scripts/run_step.py"
