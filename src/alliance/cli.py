"""The command ``alliance``: one word, then what it is about."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from alliance.errors import AllianceError
from alliance.runs.lines import before_command, hanging, line_width, terminal_width
from alliance.runs.messages import message_of

_TRACE = """\
Follow a number of the report back: the estimate, the model and its equations, the rows, the variables,
the columns of the export. In at most five steps, each with its file, its module and its command.

  alliance trace 0.14                     a number as the report prints it, with or without its sign
  alliance trace "1.14 [.96, 1.32]"       an estimate with its interval
  alliance trace row 34                   a row of the estimates, as a spreadsheet counts
  alliance trace moderation row 3         a row of another table
  alliance trace technique_jointly indirect within
"""

_RUN = """\
Run the workflow of a study and print where its report lies and what it found. Data and results are in the project's folder: the clone
around the working directory, or the working directory itself where the package is installed.

  alliance run                            the main analysis (config/config.yaml)
  alliance run config/local_clinic.yaml --cores 4
  alliance run config/local_clinic.yaml --dry-run
  alliance run --target results/main/figures/forest.svg
"""

_VERIFY = """\
Compare a run's folder with its own manifest: which results are as the workflow wrote them, which were changed since, are missing, or are
none of its results. Needs nothing but the folder, which may lie anywhere. The status is 0 if all is as it was, 1 if not.

  alliance verify                         results/main
  alliance verify reviewer                results/reviewer
  alliance verify ~/Downloads/archive/main
"""

_CHECK = """\
Read and check the data of a study as a run would before its first model, and print what was found and what was
understood. The status is 0 if a run could go on, 1 if it would stop.

  alliance check                          the main analysis
  alliance check config/local_clinic.yaml
"""

_NEW = """\
Describe an export that nobody has described yet. Ids, sessions, dates, therapists and questionnaires are recognised by names and
values; at most five questions are asked. The overlay goes to config/local_<name>.yaml and is checked at once. The export stays as it is.

  alliance new data/raw/export.sav
  alliance new sessions.csv patients.csv --name clinic
  alliance new data/raw/export.xlsx --yes        ask nothing; what is assumed is said
"""

_SYNTHESISE = """\
Put the effect cards of several sites together: results/<run>/card.yaml of each, which holds no data. Estimates that are the same
quantity are combined (random effects), in points where all sites used the same measures and in standard deviations elsewhere;
what cannot be compared is named. Page, forest plot and tables go to a folder of their own.

  alliance synthesise north.yaml south.yaml east.yaml
  alliance synthesise cards/*.yaml --out results/three_sites
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; a mistake of the user ends it with a message instead of a traceback."""
    parser = argparse.ArgumentParser(prog="alliance", description="Is the working alliance a mediator of change?")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    trace = commands.add_parser(
        "trace", help="from a number of the report back to the export", description=_TRACE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    trace.add_argument("what", nargs="+", help="a number, an interval, a row, or words of a row")
    trace.add_argument("--run", default="main", help="name of the run (default: main)")
    trace.add_argument("--all", action="store_true", help="also limits, standard deviations and other tables")
    trace.set_defaults(call=_trace)
    run = commands.add_parser(
        "run", help="run the workflow of a study", description=_RUN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    run.add_argument("config", nargs="*", help="configuration files; none for the main analysis (config/config.yaml)")
    run.add_argument("--cores", type=int, default=2, help="how many jobs and chains at once (default: 2)")
    run.add_argument("--dry-run", "-n", action="store_true", help="only say what would be done")
    run.add_argument("--target", action="append", default=[], metavar="FILE", help="a file of the run; none for all")
    run.add_argument("--snakemake", default="", metavar="WORDS", help="further words for snakemake, in quotes")
    run.set_defaults(call=_run)
    verify = commands.add_parser(
        "verify", help="is a run's folder as the workflow left it", description=_VERIFY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verify.add_argument("run", nargs="?", default="main", help="name of the run (default: main), or its folder")
    verify.set_defaults(call=_verify)
    check = commands.add_parser(
        "check", help="check the data of a study in seconds, and print what was understood", description=_CHECK,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    check.add_argument("config", nargs="*", help="configuration files; none for the main analysis (config/config.yaml)")
    check.set_defaults(call=_check)
    new = commands.add_parser(
        "new",
        help="from an export to its overlay",
        description=_NEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    new.add_argument("files", nargs="+", metavar="FILE", help="the file of sessions; files of patients and therapists")
    new.add_argument("--name", help="name of the run (default: that of the file)")
    new.add_argument("--yes", action="store_true", help="ask nothing")
    new.set_defaults(call=_new)
    synthesise = commands.add_parser(
        "synthesise",
        help="put the effect cards of several sites together",
        description=_SYNTHESISE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    synthesise.add_argument("cards", nargs="+", metavar="CARD", help="card.yaml of a site's run")
    synthesise.add_argument("--out", default="results/synthesis", help="folder (default: results/synthesis)")
    synthesise.set_defaults(call=_synthesise)
    asked = parser.parse_args(arguments)
    try:
        text, status = asked.call(asked)
        print(text, flush=True)
    except AllianceError as error:
        sys.exit(message_of(error))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()  # Python would complain once more when it ends
    else:
        if status:
            sys.exit(status)


def _trace(asked: argparse.Namespace) -> tuple[str, int]:
    from alliance.trace.answer import trace  # with pandas and what it needs, which no other command has to wait for

    return trace(" ".join(asked.what), asked.run, everywhere=asked.all, width=line_width()), 0


def _run(asked: argparse.Namespace) -> tuple[str, int]:
    from alliance.runs.call import run

    return run(asked.config, asked.cores, asked.target, shlex.split(asked.snakemake), dry=asked.dry_run)


def _verify(asked: argparse.Namespace) -> tuple[str, int]:
    from alliance.runs.project import RESULTS, find_project
    from alliance.runs.verify import describe_verified, verify

    given = Path(asked.run)
    folder = given if given.is_dir() else find_project() / RESULTS / asked.run
    found = verify(folder)
    return describe_verified(folder, found, line_width()), int(not found.holds)


def _check(asked: argparse.Namespace) -> tuple[str, int]:
    from alliance.report.codebook.terminal import show_codebook, show_findings
    from alliance.report.words import Speech
    from alliance.runs.project import command_for, run_command
    from alliance.study.check import check

    findings, codebook, config = checked = check(asked.config)
    width = terminal_width()
    speech = Speech(config)
    parts = [show_findings(findings, speech, width), "What was understood:", show_codebook(codebook, speech, width)]
    command = run_command(*asked.config) if len(asked.config) < 2 else command_for(None, asked.config)
    go_on = "\n".join(before_command("A run can go on:", command, width))
    parts.append("Correct the errors, then check again." if checked.stops else go_on)
    return "\n\n".join(parts), int(checked.stops)


def _new(asked: argparse.Namespace) -> tuple[str, int]:
    from alliance.first.ask import asker
    from alliance.first.contact import new

    return new(asked.files, asked.name, asker(asked.yes), width=line_width()), 0


def _synthesise(asked: argparse.Namespace) -> tuple[str, int]:
    from alliance.report.prose.synthesis import describe_synthesis
    from alliance.steps.synthesis import PAGE, synthesise

    passages = describe_synthesis(synthesise(cards=asked.cards, folder=asked.out))
    said = [str(sentence) for passage in passages for sentence in passage.sentences]
    lines = ["\n".join(hanging(sentence, line_width(), 0)) for sentence in said]
    return "\n\n".join([*lines, f"Page, figure and tables: {asked.out}/{PAGE}"]), 0
