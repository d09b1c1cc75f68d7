"""``geoportal setup``: what it proposes, refuses, writes, keeps and takes back; as a script and as a conversation."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import geopandas
import pytest
import shapely
import yaml

from geoportal.maps.ground import read_ground
from geoportal.settings import load_settings
from tests.processes import PROGRAM, ROOT, environment

REGION = ("--region-code", "1101", "--region-name", "Daerah Uji", "--extent", "97.0,2.3,97.9,3.7")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.fixture
def setup(geoportal, config) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``setup("--title", "x")``: with --yes, in Indonesian, on an own folder of configuration."""

    def run(*arguments: object, folder: Path = config, **named: object) -> subprocess.CompletedProcess[str]:
        return geoportal("setup", "--config", folder, "--yes", "--lang", "id", *arguments, **named)

    return run


def local(config: Path) -> dict:
    return yaml.safe_load((config / "local.yaml").read_text("utf-8"))


def node_of(config: Path):
    return load_settings(environ={"GEOPORTAL_CONFIG": str(config)})[0]


def test_a_new_region_is_written_with_all_that_follows_from_it(setup, config):
    done = setup(*REGION, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    settings = node_of(config)
    assert settings.node.region_code == "11.01"
    assert settings.node.title.id == "Geoportal Daerah Uji"
    assert settings.node.title.en == "Daerah Uji Geoportal"
    assert settings.node.timezone == "Asia/Jakarta"
    assert settings.node.demo is False
    assert settings.node.organisation.id == ""
    assert {"EPSG:32647", "EPSG:9477", "EPSG:4326"} <= set(settings.node.crs_candidates)
    assert said["restart"] is False
    assert {note["note"] for note in said["notes"]} == {"no-outline", "no-organisation"}
    assert said["token"] is None
    assert settings.profiles.is_dir(), "the rule sets come along with the program"


def test_without_a_region_nothing_is_written(setup, config):
    done = setup()
    assert done.returncode == 7
    assert "--region-name" in done.stderr
    assert not (config / "local.yaml").exists()


def test_all_mistakes_are_said_at_once_in_plain_sentences(setup, config):
    wrong = ("--region-code", "1", "--extent", "2.3,97.0,3.7,97.9", "--crs", "4326,99999", "--email", "siapa")
    done = setup(*wrong, "--base-url", "geoportal.go.id/peta", "--json")
    assert done.returncode == 7
    answers = json.loads(done.stdout)["answers"]
    assert set(answers) == {"region-code", "extent", "crs", "email", "base-url"}
    assert "bujur dahulu" in answers["extent"]
    assert "99999" in answers["crs"]
    assert not config.exists() or not list(config.glob("*.yaml"))


def test_another_run_changes_only_what_is_answered(setup, config):
    setup(*REGION)
    (config / "local.yaml").write_text((config / "local.yaml").read_text() + "ogc:\n  default_limit: 25\n")
    before = local(config)
    done = setup("--email", "sig@example.go.id", "--json")
    assert list(json.loads(done.stdout)["changed"]) == ["email"]
    after = local(config)
    assert after.pop("ogc") == {"default_limit": 25}, "what setup does not ask stays"
    before.pop("ogc")
    before["node"]["email"] = "sig@example.go.id"
    assert after == before


def test_the_title_follows_the_name_until_it_is_given(setup, config):
    setup(*REGION)
    setup("--region-code", "11.01", "--region-name", "Daerah Lain")
    assert node_of(config).node.title.id == "Geoportal Daerah Lain"
    setup("--title", "SIG Kami")
    setup("--region-code", "11.01", "--region-name", "Daerah Ketiga")
    assert node_of(config).node.title.id == "SIG Kami"


def test_a_new_name_asks_for_the_code(setup, config):
    setup(*REGION)
    done = setup("--region-name", "Daerah Lain")
    assert done.returncode == 7
    assert "11.01" in done.stderr


def test_nothing_to_change_writes_nothing(setup, config):
    setup(*REGION)
    stamp = (config / "local.yaml").stat().st_mtime_ns
    assert "Tidak ada yang berubah" in setup().stdout
    assert (config / "local.yaml").stat().st_mtime_ns == stamp
    assert not (config / "local.before" / "local.yaml").exists()


def test_one_step_back_and_forth(setup, config, geoportal):
    setup(*REGION)
    first = (config / "local.yaml").read_text()
    setup("--title", "SIG Kami")
    second = (config / "local.yaml").read_text()
    assert geoportal("setup", "--config", config, "--undo").returncode == 0
    assert (config / "local.yaml").read_text() == first
    geoportal("setup", "--config", config, "--undo")
    assert (config / "local.yaml").read_text() == second


def test_the_first_write_is_taken_back_whole(setup, config, geoportal):
    setup(*REGION)
    assert (config / "local" / "producers.yaml").exists()
    geoportal("setup", "--config", config, "--undo")
    assert not (config / "local.yaml").exists()
    assert list((config / "local").iterdir()) == []
    assert geoportal("setup", "--config", config.parent, "--undo").returncode == 4


def test_a_move_to_another_region_takes_nothing_along(setup, tmp_path):
    """As in a fresh copy of the project, whose own files are those of another region."""
    config = tmp_path / "copy"
    (config / "theme").mkdir(parents=True)
    for name in ("geoportal.yaml", "ground.geojson", "producers.yaml"):
        (config / name).write_bytes((ROOT / "config" / name).read_bytes())
    kept = {name: (config / name).read_bytes() for name in ("geoportal.yaml", "ground.geojson", "producers.yaml")}
    assert setup(*REGION, folder=config).returncode == 0
    settings = node_of(config)
    assert settings.node.region_name.en == "Daerah Uji"
    assert settings.node.organisation.id == settings.node.organisation.en == settings.node.email == ""
    assert read_ground(settings.file("ground.geojson")) is None, "the land of another region is no ground"
    assert yaml.safe_load(settings.file("producers.yaml").read_text()) is None
    assert kept == {name: (config / name).read_bytes() for name in kept}, "what git keeps is not touched"


def test_the_administrator_gets_one_token(setup, geoportal, data_dir):
    done = setup(*REGION, "--administrator", "Siti Aminah", "--json")
    token = json.loads(done.stdout)["token"]
    assert token.startswith("gp_")
    listed = json.loads(geoportal("token", "list", "--json").stdout)["tokens"]
    assert [(one["name"], one["classes"]) for one in listed] == [
        ("Siti Aminah", ["GOVERNMENT", "IGSTRATEGIS", "PRIVATE", "PUBLIC"])
    ]
    again = json.loads(setup("--title", "SIG", "--json").stdout)
    assert again["token"] is None
    other = json.loads(setup("--administrator", "Rina", "--json").stdout)
    assert other["token"].startswith("gp_")
    assert "old-token" in {note["note"] for note in other["notes"]}
    written = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert token.encode() not in written


def test_no_secret_stands_in_a_file(setup, config, geoportal):
    setup(*REGION, "--mail-host", "surel.example.go.id", "--mail-sender", "sig@example.go.id", "--mail-user", "sig")
    assert "password" not in (config / "local.yaml").read_text()
    with (config / "local.yaml").open("a") as stream:
        stream.write("mail: {password: rahasia}\n")
    refused = geoportal("settings", GEOPORTAL_CONFIG=str(config))
    assert refused.returncode == 7
    assert "GEOPORTAL_MAIL__PASSWORD" in refused.stderr
    assert "rahasia" not in refused.stderr
    setup_text = (config / "local.yaml").read_text().replace("mail: {password: rahasia}\n", "")
    (config / "local.yaml").write_text(setup_text)
    shown = geoportal("settings", "--json", GEOPORTAL_CONFIG=str(config), GEOPORTAL_MAIL__PASSWORD="rahasia")
    assert shown.returncode == 0
    assert "rahasia" not in shown.stdout


def test_mail_needs_a_sender(setup):
    done = setup(*REGION, "--mail-host", "surel.example.go.id")
    assert done.returncode == 7
    assert "--mail-sender" in done.stderr


def test_a_place_of_backups_that_cannot_be(setup, tmp_path):
    (tmp_path / "berkas").touch()
    for place, said in (("cadangan", "garis miring"), (tmp_path / "berkas" / "x", "tidak dapat menulis")):
        done = setup(*REGION, "--backup", place)
        assert done.returncode == 7
        assert "--backup" in done.stderr
        assert said in done.stderr


def test_a_boundary_file_gives_extent_systems_and_outline(setup, config, tmp_path):
    """Parts of two regions in metres, one of them drawn as a figure of eight."""
    eight = shapely.Polygon([(200_000, 300_000), (220_000, 320_000), (220_000, 300_000), (200_000, 320_000)])
    frame = geopandas.GeoDataFrame(
        {"kode": ["11.01.01", "11.01.02", "12.01.01"], "nama": ["Satu", "Dua", "Tiga"]},
        geometry=[eight, shapely.box(220_000, 300_000, 240_000, 320_000), shapely.box(400_000, 0, 500_000, 90_000)],
        crs="EPSG:32647",
    )
    frame.to_file(tmp_path / "batas.gpkg")
    done = setup(
        "--region-code", "1101", "--region-name", "Daerah Uji", "--boundary", tmp_path / "batas.gpkg", "--json"
    )
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    notes = {note["note"]: note for note in said["notes"]}
    assert (notes["outline"]["used"], notes["outline"]["total"], notes["outline"]["column"]) == (2, 3, "kode")
    assert notes["repaired"]["count"] == 1
    west, south, east, north = said["values"]["extent"]
    true = frame.iloc[:2].to_crs("EPSG:4326").total_bounds
    assert (west, south) <= (true[0], true[1])
    assert [west, south, east, north] == pytest.approx(true, abs=2e-4)
    ground = read_ground(config / "local" / "ground.geojson")
    assert ground is not None
    assert "batas.gpkg" in (config / "local" / "ground.geojson").read_text()
    assert "EPSG:32647" in said["values"]["crs"]


def test_a_boundary_without_a_system_is_not_guessed_at(setup, config, tmp_path):
    frame = geopandas.GeoDataFrame({"kode": ["11.01"]}, geometry=[shapely.box(2e5, 3e5, 2.4e5, 3.2e5)])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "batas.gpkg")
    boundary = ("--region-code", "1101", "--region-name", "X", "--boundary", tmp_path / "batas.gpkg")
    assert setup(*boundary).returncode == 1
    assert not (config / "local.yaml").exists()
    assert setup(*boundary, "--boundary-crs", "EPSG:32647").returncode == 0


def test_a_boundary_file_that_is_none(setup, config, tmp_path):
    (tmp_path / "batas.gpkg").write_bytes(b"bukan geopackage")
    done = setup(*REGION, "--boundary", tmp_path / "batas.gpkg")
    assert done.returncode == 1
    assert not (config / "local.yaml").exists()
    assert setup(*REGION, "--boundary", tmp_path / "tidak-ada.gpkg").returncode == 4


def test_a_code_list_is_cut_to_the_region(setup, config, tmp_path):
    (tmp_path / "kode.csv").write_text(
        "Kode;Nama;Edisi\n11;Aceh;E1\n11.01;Kabupaten Uji;E1\n110101;Satu;E1\n11.01.01.1001;Lurah;E1\n"
        "11.01.01.2001;Desa;E1\n11.02;Lain;E1\n12.01.01;Jauh;E1\nx;y;z\n"
    )
    done = setup("--region-code", "1101", "--codes", tmp_path / "kode.csv")
    assert done.returncode == 0, done.stderr
    assert node_of(config).node.region_name.id == "Uji", "the name comes from the list"
    assert (config / "local" / "codes" / "wilayah_11.01.csv").read_text().splitlines() == [
        "kode,nama,jenis,induk,edisi",
        "11.01,Kabupaten Uji,kabupaten,11,E1",
        "11.01.01,Satu,kecamatan,11.01,E1",
        "11.01.01.1001,Lurah,kelurahan,11.01.01,E1",
        "11.01.01.2001,Desa,desa,11.01.01,E1",
    ]
    (tmp_path / "tanpa.csv").write_text("kode,nama\n11.01,Uji\n")
    assert "--codes-edition" in setup("--codes", tmp_path / "tanpa.csv").stderr
    (tmp_path / "lain.csv").write_text("kode,nama,edisi\n12.01,Lain,E1\n")
    assert "11.01" in setup("--codes", tmp_path / "lain.csv").stderr


def test_json_asks_nothing(geoportal, config):
    assert geoportal("setup", "--config", config, "--json").returncode == 2


def converse(
    config: Path, data: Path, *lines: str, arguments: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "setup", "--config", config, "--lang", "id", *arguments],
        input="\n".join(lines) + "\n",
        env=environment(data),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_conversation_asks_again_and_writes_after_a_yes(config, data_dir):
    region = ("abc", "1101", "", "", "Daerah Uji", "97,2.3,97.9,3.7", "", "")
    node = ("id", "", "", "")
    rest = ("", "", "Siti", "", "", "", "ya")
    done = converse(config, data_dir, *region, *node, *rest)
    assert done.returncode == 0, done.stderr
    assert "Kode wilayah terdiri dari" in done.stdout
    assert "EPSG:32647  WGS 84 / UTM zone 47N" in done.stdout
    settings = node_of(config)
    assert settings.node.region_code == "11.01"
    assert settings.node.languages == ("id",)
    assert "gp_" in done.stdout


def test_a_conversation_without_a_yes_writes_nothing(config, data_dir):
    given = tuple(map(str, REGION))
    quiet = converse(config, data_dir, *[""] * 17, "tidak", arguments=given)
    assert quiet.returncode == 0, quiet.stderr
    assert "Tidak ada yang ditulis." in quiet.stdout
    ended = converse(config, data_dir, "", arguments=given)
    assert ended.returncode == 1
    assert not (config / "local.yaml").exists()
