"""Settings: where they come from, in which order, and what is refused."""

from pathlib import Path

import pytest

from geoportal.errors import Invalid
from geoportal.settings import Section, Settings, load_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "geoportal.yaml").write_text("web: {port: 1000}\nnode: {region_code: '64.02'}\n")
    return tmp_path


def test_the_nearer_source_wins(config):
    def port(environ=(), overrides=None):
        settings, sources = load_settings(overrides, {"GEOPORTAL_CONFIG": str(config), **dict(environ)})
        return settings.web.port, sources["web.port"]

    assert port() == (1000, "geoportal.yaml")
    (config / "local.yaml").write_text("web: {port: 2000}\n")
    assert port() == (2000, "local.yaml")
    assert port({"GEOPORTAL_WEB__PORT": "3000"}) == (3000, "GEOPORTAL_WEB__PORT")
    assert port({"GEOPORTAL_WEB__PORT": "3000", "GEOPORTAL_PORT": "4000"}) == (4000, "GEOPORTAL_PORT")
    assert port({"GEOPORTAL_PORT": "4000"}, {"web": {"port": 5000}}) == (5000, "command line")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("wep: {port: 1}", "wep"),
        ("web: {prot: 1}", "web.prot"),
        ("web: {port: 99999}", "web.port"),
        ("web: 7", "web"),
        ("web: {base_url: 'ftp://x'}", "web.base_url"),
        ("[", "local.yaml"),
    ],
)
def test_a_mistake_is_an_error_that_names_it(config, content, named):
    (config / "local.yaml").write_text(content)
    with pytest.raises(Invalid, match=named.replace(".", r"\.")):
        load_settings(environ={"GEOPORTAL_CONFIG": str(config)})


def test_an_unknown_variable_of_ours_is_an_error(config):
    with pytest.raises(Invalid, match=r"web\.prot"):
        load_settings(environ={"GEOPORTAL_CONFIG": str(config), "GEOPORTAL_WEB__PROT": "1"})


def test_the_address_of_the_node():
    assert Settings.model_validate({"web": {"host": "127.0.0.1", "port": 1}}).base_url == "http://127.0.0.1:1"
    assert Settings.model_validate({"web": {"host": "::1", "port": 1}}).base_url == "http://[::1]:1"
    assert Settings.model_validate({"web": {"base_url": "https://a.b/c/"}}).base_url == "https://a.b/c"


def test_every_setting_says_what_it_means():
    for name, info in Settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            for key, detail in info.annotation.model_fields.items():
                assert detail.description, f"{name}.{key}"


def test_code_knows_nothing_of_the_region():
    settings, _ = load_settings(environ={"GEOPORTAL_CONFIG": "/nowhere"})
    assert settings.region.code is None
    assert settings.region.extent is None
