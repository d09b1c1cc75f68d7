"""``geoportal kugi``: codes of the Indonesian feature catalogue, explained offline."""

from __future__ import annotations

from typing import Annotated

import typer

from geoportal.cli.session import Data, Json, Lang, language_for, print_json, say, settings_for
from geoportal.errors import Invalid
from geoportal.language import number, text
from geoportal.model.kugi import fault_of, name_without_scale, parse_code

app = typer.Typer(help="Codes of KUGI, the Indonesian feature catalogue (ISO 19110).", no_args_is_help=True)


@app.callback()
def _several() -> None:
    """Codes of KUGI, the Indonesian feature catalogue (ISO 19110)."""


@app.command("decode")
def decode(
    code: Annotated[
        str, typer.Argument(help="A code such as BA03070040, an old one (GB0020), or a name with a scale.")
    ],
    json: Json = False,
    lang: Lang = None,
    data: Data = None,
) -> None:
    """Say what a code means: catalogue, geometry, scale. A name such as JALAN_LN_25K is given in its present form."""
    from geoportal.catalogue.kugi import explained, read_kugi

    settings = settings_for(data)
    language = language_for(lang, settings)
    parsed = parse_code(code)
    if parsed is None:
        present = name_without_scale(code)
        if "_" in present:
            _name(code.strip(), present, json, language)
            return
        raise Invalid(text("cli", f"kugi.fault.{fault_of(code)}", language, code=code), given=code)
    meaning = explained(parsed, read_kugi(settings.config), language)
    if json:
        print_json(meaning)
        return
    say(meaning["code"] + (f"  {meaning['name']}" if meaning["name"] else ""))
    doubt = "" if meaning["catalogue_certain"] else f" ({text('cli', 'kugi.inferred', language)})"
    unknown = text("cli", "kugi.unknown", language)
    rows = {
        "catalogue": f"{meaning['catalogue']}  {meaning['catalogue_name'] or unknown}{doubt}",
        "subtheme": meaning["subtheme"],
        "geometry": text("cli", f"kugi.{meaning['geometry']}", language) if meaning["geometry"] else unknown,
        "scale": f"1:{number(meaning['scale'], language)}" if meaning["scale"] else unknown,
        "serial": meaning["serial"],
    }
    for name, value in rows.items():
        say(f"  {text('cli', f'kugi.{name}', language)}: {value}")
    if parsed.is_old:
        say(text("cli", "kugi.old", language))
    elif not meaning["name"]:
        say(text("cli", "kugi.unlisted", language))


def _name(given: str, present: str, as_json: bool, language: str) -> None:
    if as_json:
        print_json({"given": given, "name": present, "changed": given != present})
    else:
        say(text("cli", "kugi.renamed" if given != present else "kugi.named", language, given=given, name=present))
