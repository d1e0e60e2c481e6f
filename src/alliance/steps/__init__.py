"""Steps: one function for each rule of the workflow. A step reads files, calls one pure function and writes files."""

# Rule -> module of the function of the same name. The workflow imports only the module of the step it runs.
STEPS = {
    "simulate_example": "alliance.steps.example",
    "check_data": "alliance.steps.prepare",
    "accept_data": "alliance.steps.prepare",
    "write_codebook": "alliance.steps.codebook",
    "clean_data": "alliance.steps.prepare",
    "share_data": "alliance.steps.share",
    "score_measures": "alliance.steps.measure",
    "build_panel": "alliance.steps.panel",
    "fit_model": "alliance.steps.fit",
    "collect_estimates": "alliance.steps.collect",
    "draw_figure": "alliance.steps.figures",
    "write_table": "alliance.steps.tables",
    "compare_runs": "alliance.steps.compare",
    "compare_truth": "alliance.steps.compare",
    "write_card": "alliance.steps.card",
    "write_report": "alliance.steps.report",
    "record_provenance": "alliance.steps.record",
    "write_manifest": "alliance.steps.record",
    "rank_parameters": "alliance.steps.calibration",
    "summarise_calibration": "alliance.steps.calibration",
    "publish_validation": "alliance.steps.calibration",
}
