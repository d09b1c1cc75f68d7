"""``geoportal token``: keys with which other agencies read what is not public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoportal.cli.publishing import parse_classes
from geoportal.cli.session import Data, Json, Lang, language_for, local_admin, opened, print_json, say, table
from geoportal.language import text

if TYPE_CHECKING:
    from geoportal.store.people import Token

app = typer.Typer(help="Keys with which agencies and programs read what is not public.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name of the token, such as the agency that holds it.")],
    classes: Annotated[list[str], typer.Option("--class", help="Class of access that it opens (repeat).")],
    dataset: Annotated[
        list[str] | None, typer.Option("--dataset", help="Of these classes only this dataset (repeat).")
    ] = None,
    opd: Annotated[str | None, typer.Option("--opd", help="The agency that holds it.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="Days until it expires.")] = 90,
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Make a token and print it, once. It is sent as 'Authorization: Bearer TOKEN'."""
    from geoportal.actions.tokens import add_token

    with opened(data) as node:
        token = add_token(node, local_admin(), name, parse_classes(classes), frozenset(dataset or ()), opd, days)
        if json:
            print_json({"name": name, "token": token, "days": days})
        else:
            say(token)
            typer.echo(text("cli", "token.once", language_for(lang, node.settings), days=days), err=True)


@app.command("list")
def list_(json: Json = False, lang: Lang = None, data: Data = None) -> None:
    """List the tokens: what they open and until when; never the tokens themselves."""
    from geoportal.store import people

    with opened(data) as node:
        with node.register.read() as conn:
            found = [_row(token) for token in people.list_tokens(conn)]
        language = language_for(lang, node.settings)
        if json:
            print_json({"tokens": found})
        elif not found:
            say(text("cli", "token.none", language))
        else:
            heads = ["name", "classes", "datasets", "opd", "expires_at", "revoked_at"]
            cells = [
                [", ".join(v) if isinstance(v, list) else str(v or "-") for v in (token[head] for head in heads)]
                for token in found
            ]
            table(cells, [text("cli", f"head.{head}", language) for head in heads])


def _row(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "prefix": token.prefix,
        "classes": sorted(map(str, token.audience.classes)),
        "datasets": sorted(token.audience.datasets),
        "opd": token.audience.opd,
        "expires_at": token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "revoked_at": token.revoked_at.strftime("%Y-%m-%dT%H:%M:%SZ") if token.revoked_at else None,
    }


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the token.")],
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """End a token at once, on all workers."""
    from geoportal.actions.tokens import revoke_token

    with opened(data) as node:
        revoke_token(node, local_admin(), name)
        if json:
            print_json({"name": name, "revoked": True})
        else:
            say(text("cli", "token.revoked", language_for(lang, node.settings), name=name))
