"""The table of commands, and how an error becomes an exit code."""

from __future__ import annotations

import logging
import sys

import typer

from geoportal.cli import (
    checking,
    feedback,
    kugi,
    operation,
    publishing,
    records,
    repairing,
    setup,
    specifications,
    tokens,
    wilayah,
)
from geoportal.cli.sentences import told
from geoportal.cli.session import complain, error_document, language_for, print_json
from geoportal.errors import GeoportalError, NotPublishable, Unavailable
from geoportal.language import LANGUAGES, text

app = typer.Typer(
    name="geoportal",
    help="A geospatial data node (Simpul Jaringan): check, submit, publish and serve layers.",
    epilog="Exit codes: 0 done; 1 the data did not pass; 2 wrong use; 4 not found; 5 not allowed; "
    "6 in conflict with the present state; 7 not valid; 8 the node or its machine cannot do it now. "
    "Every command takes --json and --help.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("check")(checking.check)
app.command("repair")(repairing.repair)
app.command("submit")(publishing.submit)
app.command("publish")(publishing.publish)
app.command("withdraw")(publishing.withdraw)
app.command("rollback")(publishing.rollback)
app.command("list")(publishing.list_)
app.command("show")(publishing.show)
app.command("serve")(operation.serve)
app.command("demo")(operation.demo)
app.command("settings")(operation.settings)
app.command("setup")(setup.setup)
app.command("doctor")(operation.doctor)
app.command("renew", hidden=True)(operation.renew)
app.add_typer(kugi.app, name="kugi")
app.add_typer(wilayah.app, name="wilayah")
app.add_typer(records.app, name="record")
app.add_typer(specifications.app, name="spec")
app.add_typer(tokens.app, name="token")
app.add_typer(feedback.app, name="feedback")


def asked_language() -> str:
    """The language of an error: that of ``--lang`` where the command line names one of ours."""
    words = [part for word in sys.argv[1:] for part in word.split("=", 1)]
    chosen = words[words.index("--lang") + 1] if "--lang" in words[:-1] else None
    return language_for(chosen if chosen in LANGUAGES else None)


def run() -> None:
    """Run the command line; an error is one plain sentence and the exit code of its family, never a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    as_json = "--json" in sys.argv[1:]
    try:
        app()
    except GeoportalError as error:
        language = asked_language()
        if as_json:
            print_json(error_document(error, language))
        else:
            for line in told(error, language):
                complain(line)
            if (report := error.facts.get("report")) is not None:
                from geoportal.cli.checking import choices, describe

                # The gate's list says what blocks; an error about the file itself has said that nothing was kept.
                for line in describe(report, language, judged=isinstance(error, NotPublishable)):
                    complain(line)
                for line in choices(report, language):
                    complain(line)
            if isinstance(error, NotPublishable) and error.facts["say"] == "gate":
                facts = error.facts
                complain(text("cli", "gate.next", language, id=facts["dataset"], source=facts["source"],
                              profile=facts["profile"]))  # fmt: skip
                complain(text("cli", "override.how", language, id=facts["dataset"]))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(141)  # whoever read our output went away, as `| head` does
    except OSError as error:
        # A folder that cannot be made, read or written: the machine's answer, said plainly.
        complain(f"unavailable: {error.strerror or error}: {error.filename or ''}".rstrip(": "))
        sys.exit(Unavailable.exit_code)
