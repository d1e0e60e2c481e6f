"""The command ``alliance``: one word, then what it is about."""

import argparse
import sys
from collections.abc import Sequence

from alliance.errors import AllianceError
from alliance.runs.messages import message_of

_TRACE = """\
Follow a number of the report back: the estimate, the model and its equations, the rows, the variables,
the columns of the export. In at most five steps, each with its file, its module and its command.

  alliance trace 0.17                     a number as the report prints it, with or without its sign
  alliance trace "1.14 [.96, 1.32]"       an estimate with its interval
  alliance trace row 34                   a row of the estimates, as a spreadsheet counts
  alliance trace moderation row 3         a row of another table
  alliance trace technique_jointly indirect within
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
    asked = parser.parse_args(arguments)
    try:
        print(asked.call(asked), flush=True)
    except AllianceError as error:
        sys.exit(message_of(error))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()  # Python would complain once more when it ends


def _trace(asked: argparse.Namespace) -> str:
    from alliance.trace.answer import trace  # with pandas and what it needs, which no other command has to wait for

    return trace(" ".join(asked.what), asked.run, everywhere=asked.all)
