"""Results as Markdown: one table for each part, each with what was aimed at and what was found."""

from collections.abc import Iterable
from typing import Any

Rows = list[dict[str, Any]]
_AT_THE_MAXIMUM = 0.01  # of log-likelihood below it


def write_tables(results: dict[str, dict[str, Any]]) -> str:
    """Return the Markdown of all parts that were measured.

    Parameters
    ----------
    results
        Name of the part -> what it measured, and ``machine``.
    """
    parts = {
        "nuts_brms": _nuts_brms,
        "ml_peers": _ml_peers,
        "crossed": _crossed,
        "capabilities": _capabilities,
        "unchanged": _unchanged,
        "growth": _growth,
        "scale": _scale,
        "python_peers": _python_peers,
    }
    texts = [_machine(results["machine"])] if "machine" in results else []
    texts += [write(results[name]) for name, write in parts.items() if name in results]
    return "\n\n".join(texts) + "\n"


def number(value: float) -> str:
    """Return a number with three significant digits."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    text = f"{value:.3g}"
    return f"{float(text):g}" if "e" in text else text


def seconds(value: float) -> str:
    """Return a duration in the unit that suits it."""
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (120.0, 1.0, "s")):
        if value < limit:
            return f"{number(value * factor)} {unit}"
    return f"{number(value / 60)} min"


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _missing(row: dict[str, Any]) -> str:
    return f"{row['status']}: {row.get('reason', '')}".rstrip(": ")


def _machine(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {text}" for name, text in {**machine["packages"], **machine["r"]}.items())
    return f"Measured on {machine['cores']} cores ({machine['processor']}), Python {machine['python']}, {packages}."


def _nuts_brms(found: dict[str, Any]) -> str:
    rows: list[list[str]] = []
    by_size: dict[str, dict[str, dict[str, Any]]] = {}
    for row in found["rows"]:
        by_size.setdefault(row["size"], {})[row["engine"]] = row
        if row["status"] != "ok":
            rows.append([row["size"], row["engine"], _missing(row), *[""] * 6])
            continue
        rows.append(
            [
                row["size"],
                row["engine"],
                number(row["ess"]),
                seconds(row["seconds_sampling"]),
                number(row["per_second_sampling"]),
                seconds(row["process_seconds"]),
                number(row["per_second_whole"]),
                f"{row['rhat']:.3f}",
                str(row["divergent"]),
            ]
        )
    header = [
        "patients x sessions",
        "engine",
        "min. bulk ESS",
        "sampling",
        "ESS/s",
        "whole process",
        "ESS/s",
        "R-hat",
        "divergent",
    ]
    lines = []
    for size, engines in by_size.items():
        for name, peer in engines.items():
            if name == "alliance" or {engines["alliance"]["status"], peer["status"]} != {"ok"}:
                continue
            sampling, whole = (
                engines["alliance"][key] / peer[key] for key in ("per_second_sampling", "per_second_whole")
            )
            lines.append(
                f"- {size}: {number(sampling)} times {name} while sampling, {number(whole)} times from the start of the process to the "
                f"draws (aims against brms: 100 and 20)."
            )
    lines += [
        f"- {row['size']}: with all the pipeline adds (effects, priors in words, predictive checks) a process takes "
        f"{seconds(row['seconds_pipeline'])}, {number(row['per_second_pipeline'])} ESS/s."
        for row in found["rows"]
        if "seconds_pipeline" in row
    ]
    lines += [
        f"- {row['size']}: posterior means differ from those of {row.get('engine', 'brms')} by at most {row['largest_shift']:.2f} "
        f"posterior sd ({row['largest_z']:.1f} Monte Carlo standard errors); ratios of posterior sds "
        f"{row['sd_ratio'][0]:.2f} to {row['sd_ratio'][1]:.2f}."
        for row in found["agreement"]
    ]
    parameters = next((row["parameters"] for row in found["rows"] if row["status"] == "ok"), 0)
    intro = (
        f"Minimum over all {parameters} population parameters; {found['chains']} chains of {found['tune']} + {found['draws']} draws. "
        f"*Sampling* leaves out start-up and compiling (JAX compiles while it samples, so NumPyro's includes that); of this engine it "
        f"includes the search for the mode. NumPyro has the patients' effects integrated out as in Lai, Domke and Sheldon (2024). Ours "
        f"is the median of several processes, with compiled code in the cache."
    )
    return "\n\n".join(["### NUTS against brms and NumPyro", intro, _table(header, rows), "\n".join(lines)])


def _ml_peers(found: dict[str, Any]) -> str:
    rows, lines = [], []
    for row in found["rows"]:
        start = [row["size"], row["engine"], {"joint": "joint", "separate": "two separate"}[row["model"]]]
        if row["status"] != "ok":
            rows.append([*start, _missing(row), "", "", ""])
            continue
        times = [seconds(row[key]) if key in row else "" for key in ("seconds", "seconds_call", "seconds_search")]
        rows.append([*start, *times, f"{row['log_likelihood']:,.3f}"])
    for size in dict.fromkeys(row["size"] for row in found["rows"]):
        here = [row for row in found["rows"] if row["size"] == size and row["status"] == "ok"]
        own = next((row for row in here if row["engine"] == "alliance" and row["model"] == "joint"), None)
        separate = [row for row in here if row["model"] == "separate"]
        highest = max((row["log_likelihood"] for row in separate), default=0.0)
        short = {row["engine"]: highest - row["log_likelihood"] for row in separate}
        lines += [
            f"- {size}: {engine} stays {number(below)} below the highest log-likelihood of the separate fits."
            for engine, below in short.items()
            if below > _AT_THE_MAXIMUM
        ]
        peers = [row for row in separate if row["engine"] != "alliance" and short[row["engine"]] <= _AT_THE_MAXIMUM]
        if own is None or not peers:
            continue
        fastest = min(peers, key=lambda row: row["seconds"])
        text = (
            f"- {size}: the fastest pair of separate fits that reach the maximum ({fastest['engine']}) takes "
            f"{number(fastest['seconds'] / own['seconds'])} times as long as the joint fit from the data frame, "
            f"{number(fastest['seconds'] / own['seconds_call'])} times as long as `maximise` (aim: 5 from the data frame)"
        )
        searched = [row for row in peers if "seconds_search" in row]
        if searched:
            ratio = searched[0]["seconds_search"] / own["seconds_search"]
            text += f"; search against search {number(ratio)} times ({searched[0]['engine']})"
        lines.append(text + ".")
    header = [
        "patients x sessions",
        "engine",
        "model",
        "data frame to fit",
        "fit call",
        "search alone",
        "log-likelihood",
    ]
    intro = (
        "Random intercepts and slopes of patients, and of therapists where there are any, with full covariances. *Joint* has both "
        "equations and the covariances across them; the peers fit the two equations separately, which is less work. Our separate fits "
        "stand beside them so that the log-likelihoods can be compared. *Fit call* is `maximise` here and `fit` in statsmodels, whose "
        "arrays are made before; in lme4 and nlme one call does both. *Search alone* leaves out cross-products and model frames "
        "(`optimizeLmer` in lme4). A fit whose log-likelihood is more than 0.01 below the highest one has stopped before the maximum. With "
        "therapists, statsmodels takes the patients' effects as uncorrelated."
    )
    heading = "### Maximum likelihood against lme4, nlme, statsmodels, mixedlm and lme-python"
    return "\n\n".join([heading, intro, _table(header, rows), "\n".join(lines)])


def _crossed(found: dict[str, Any]) -> str:
    rows = []
    for row in found["rows"]:
        maximum, changed, nested, peer = (row[name] for name in ("maximum", "changed", "nested", "lme4"))
        if any(own["status"] != "ok" for own in (maximum, changed, nested)):
            rows.append(
                [row["size"], _missing(next(own for own in (maximum, changed, nested) if own["status"] != "ok"))]
            )
            continue
        there = peer["status"] == "ok"
        apart = maximum["separate"]
        rows.append(
            [
                row["size"],
                seconds(maximum["joint"]["seconds"]),
                seconds(apart["seconds"]),
                seconds(peer["seconds"]) if there else _missing(peer),
                f"{apart['log_likelihood'] - peer['log_likelihood']:.4f}" if there else "",
                seconds(changed["seconds_evaluation"]),
                seconds(nested["seconds_evaluation"]),
            ]
        )
    header = ["patients x sessions", "joint", "two separate", "lme4, two separate", "log-likelihood above lme4's",
              "value and gradient", "the same without changes"]  # fmt: skip
    text = "A fifth of the patients go on with another therapist half-way; effects as above, patients and therapists crossed."
    return "\n\n".join(["### Patients who change therapist", text, _table(header, rows)])


def _capabilities(found: dict[str, Any]) -> str:
    rows = []
    for row in found["rows"]:
        ours, theirs = row["ours"], row.get("theirs")
        if ours["status"] != "ok":
            rows.append([row["capability"], _missing(ours), *[""] * 7])
            continue
        there = theirs is not None and theirs["status"] == "ok"
        rows.append(
            [
                row["capability"],
                seconds(ours["seconds"]),
                seconds(ours["seconds_without"]),
                number(ours["seconds"] / ours["seconds_without"]),
                row["peer"] or "none fits it",
                (seconds(theirs["seconds"]) if there else _missing(theirs)) if theirs else "",
                number(theirs["seconds"] / ours["seconds"]) if there else "",
                f"{row['apart']:.2f}" if there else "",
                f"{row['percent']:.2g} %" if there and row["percent"] is not None else "",
            ]
        )
    header = ["with", "ours", "without it", "times", "peer", "its time", "times ours", "effects apart, se",
              "sds and correlations apart"]  # fmt: skip
    text = (
        f"{found['rows'][0]['size']}, from the panel to draws by restricted maximum likelihood (`depth: ml`), the same rows with the "
        f"newer part and without. Effects apart: the largest difference in the peer's standard errors; what else both estimate, in per "
        f"cent. Where a cell is told by the model alone (answers, constructs, missing cells) ours is a stochastic EM, beside peers that "
        f"integrate or solve; ours includes the completed data sets that intervals need. "
        f"No package on hand has variability by maximum likelihood: PyMC draws from the posterior of the same model (4 chains, 500 + 500), "
        f"whose means and standard deviations stand for estimates and standard errors."
    )
    return "\n\n".join(["### What the newer parts of a model cost", text, _table(header, rows)])


def _unchanged(found: dict[str, Any]) -> str:
    rows = []
    for row in found["rows"]:
        if row["status"] != "ok":
            rows.append([row.get("size", ""), _missing(row), *[""] * 6])
            continue
        cells = [row["size"], f"{row['apart']:.1g}"]
        for key in ("seconds_evaluation", "seconds_maximum"):
            before, now = row[f"{key}_before"], row[f"{key}_now"]
            cells += [seconds(before), seconds(now), number(now / before)]
        rows.append(cells)
    header = [
        "patients x sessions",
        "log-likelihoods apart",
        "evaluation before",
        "now",
        "times",
        "maximum before",
        "now",
        "times",
    ]
    text = (
        "A model that asks for none of the newer parts, in the state of the project before they were built (commit 6c22749) and in this "
        "one, in turns; the quickest of five processes."
    )
    return "\n\n".join(["### What they cost a model without them", text, _table(header, rows)])


def _growth(found: dict[str, Any]) -> str:
    rows = [
        [
            f"{row['patients']:,} x {row['sessions']}",
            seconds(row["seconds_evaluation"]),
            seconds(row["seconds_maximum"]),
        ]
        for row in found["rows"]
        if row["status"] == "ok"
    ]
    lines = []
    for along in ("patients", "sessions"):
        ends = [row for row in found["rows"] if row["along"] == along and row["status"] == "ok"]
        if len(ends) > 1:
            first, last = ends[0], ends[-1]
            lines.append(
                f"- {number(last[along] / first[along])} times the {along}: an evaluation takes "
                f"{number(last['seconds_evaluation'] / first['seconds_evaluation'])} times as long, the maximum "
                f"{number(last['seconds_maximum'] / first['seconds_maximum'])} times."
            )
    header = ["patients x sessions", "value and gradient", "joint maximum"]
    return "\n\n".join(["### Growth", _table(header, rows), "\n".join(lines)])


def _scale(found: dict[str, Any]) -> str:
    rows = []
    maximum, sampled = found["maximum"], found["sampled"]
    if maximum["status"] == "ok":
        joint = maximum["joint"]
        rows.append(["maximum likelihood", seconds(joint["seconds"]), f"{maximum['memory_gb']:.1f} GB", "1 min"])
    else:
        rows.append(["maximum likelihood", _missing(maximum), "", "1 min"])
    name = f"NUTS, 4 x ({found['tune']} + {found['draws']})"
    if sampled["status"] == "ok":
        rows.append([name, seconds(sampled["seconds_sampling"]), f"{sampled['memory_gb']:.1f} GB", "20 min"])
        rows.append(["whole process of NUTS, data simulated in it", seconds(sampled["process_seconds"]), "", ""])
    else:
        rows.append([name, _missing(sampled), "", "20 min"])
    text = f"{found['size']}; random intercepts and slopes of patients and therapists in both equations. Aim for memory: under 6 GB."
    end = ""
    if sampled["status"] == "ok":
        end = f"Minimum bulk ESS {number(sampled['ess'])}, largest R-hat {sampled['rhat']:.3f}, {sampled['divergent']} divergent."
    return "\n\n".join(["### A million sessions", text, _table(["", "time", "memory", "aim"], rows), end]).rstrip()


def _python_peers(found: dict[str, Any]) -> str:
    rows = []
    for row in found["rows"]:
        if row["status"] != "ok":
            rows.append([row["engine"], row["size"], _missing(row), "", "", row["cannot"]])
            continue
        rows.append(
            [
                f"{row['engine']} {row['versions'][row['engine']]}",
                row["size"],
                number(row["ess"]),
                number(row["per_second_sampling"]),
                number(row["per_second_whole"]),
                row["cannot"],
            ]
        )
    header = [
        "package",
        "patients x sessions",
        "min. bulk ESS",
        "ESS/s sampling",
        "ESS/s whole process",
        "what it cannot fit",
    ]
    intro = (
        f"The nearest model each can fit, with the same priors, the same sampler (nutpie) and 4 x ({found['tune']} + {found['draws']}) "
        f"draws. These are easier models: there are no correlations to estimate."
    )
    return "\n\n".join(["### pathmc and bambi", intro, _table(header, rows)])
