"""``datetime`` and the extent in time: every answer is reckoned again from the values that went in."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoportal.model.record import Record
from geoportal.model.text import LocalText
from tests.ogc.world import make_layer, make_world, points

TYPES = {"tanggal": "date", "saat": "date-time", "mulai": "date", "sampai": "date"}
NAMED = {"hari": ("tanggal",), "saat": ("saat",), "masa": ("mulai", "sampai"), "tanpa": ()}
EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def rows() -> list[dict]:
    """Sixty features around the turn of a year; some have no time, some a period that is open at an end."""
    dice = random.Random(5)
    found = []
    for number in range(60):
        day = date(2025, 12, 1) + timedelta(days=dice.randrange(60))
        moment = datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(60 * 86_400), milliseconds=500)
        since = day if dice.random() < 0.75 else None
        until = day + timedelta(days=dice.randrange(20)) if dice.random() < 0.75 else None
        found.append(
            {
                "kode": f"{number:02}",
                "tanggal": day if number % 7 else None,
                "saat": moment if number % 5 else None,
                "mulai": since,
                "sampai": until,
            }
        )
    return found


ROWS = rows()


def record(*time: str) -> Record:
    return Record(title=LocalText("Uji", "Test"), time=time)


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    made = make_world(tmp_path_factory.mktemp("waktu"))
    layer = make_layer(ROWS, [shapely.Point(117, number / 100) for number in range(len(ROWS))], types=TYPES)
    for name, time in NAMED.items():
        made.publish(name, layer, record=record(*time))
    yield made
    made.client.close()
    made.node.close()


def day(value: date) -> tuple[datetime, datetime]:
    start = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return start, start + timedelta(days=1) - timedelta(microseconds=1)


def time_of(row: dict, dataset: str) -> tuple[datetime, datetime] | None:
    """When a feature holds, as first and last instant; None where it has no time."""
    if dataset == "hari":
        return day(row["tanggal"]) if row["tanggal"] else None
    if dataset == "saat":
        return (row["saat"], row["saat"]) if row["saat"] else None
    if dataset == "masa" and (row["mulai"] or row["sampai"]):
        start = day(row["mulai"])[0] if row["mulai"] else EVER[0]
        return start, day(row["sampai"])[1] if row["sampai"] else EVER[1]
    return None


def expected(dataset: str, first: datetime, last: datetime) -> set[str]:
    times = {row["kode"]: time_of(row, dataset) for row in ROWS}
    return {code for code, time in times.items() if time is None or (time[0] <= last and time[1] >= first)}


def found(world, dataset: str, asked: str, more: str = "") -> set[str]:
    document = world.json(f"/ogc/collections/{dataset}/items?limit=1000&datetime={asked.replace('+', '%2B')}{more}")
    ids = {feature["id"] for feature in document["features"]}
    assert document["numberMatched"] == document["numberReturned"] == len(ids)
    return ids


MOMENTS = st.datetimes(
    datetime.fromisoformat("2025-11-20"), datetime.fromisoformat("2026-02-20"), timezones=st.just(UTC)
)
ENDS = st.one_of(st.sampled_from(["..", ""]), MOMENTS, MOMENTS.map(lambda value: value.date()))


def written(end) -> str:
    return end if isinstance(end, str) else end.isoformat().replace("+00:00", "Z")


def ends_of(end) -> tuple[datetime, datetime]:
    if isinstance(end, str):
        return EVER
    return (end, end) if isinstance(end, datetime) else day(end)


@pytest.mark.parametrize("dataset", NAMED)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=ENDS, other=ENDS, alone=st.booleans())
def test_intervals_and_instants_choose_what_holds_then(years, dataset, one, other, alone):
    if alone and not isinstance(one, str):
        assert found(years, dataset, written(one)) == expected(dataset, *ends_of(one))
        return
    first, last = ends_of(one)[0], ends_of(other)[1]
    if (one, other) == ("", "") or (first > last):
        years.get(f"/ogc/collections/{dataset}/items?datetime={written(one)}/{written(other)}", 400)
        return
    assert found(years, dataset, f"{written(one)}/{written(other)}") == expected(dataset, first, last)


def test_the_cases_are_not_all_alike(years):
    """What the test above would not notice: that nothing was ever left out, or everything."""
    for dataset in ("hari", "saat", "masa"):
        chosen = found(years, dataset, "2025-12-10/2025-12-20")
        assert 10 < len(chosen) < 50
    assert len(found(years, "tanpa", "2025-12-10")) == 60


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("2025-12-24T23:30:00+08:00", "2025-12-24T15:30:00Z"),
        ("2025-12-31T23:59:60Z", "2025-12-31T23:59:59Z"),
        ("2025-12", "2025-12-01/2025-12-31"),
        ("2025-12-24t15:30:00z/", "2025-12-24T15:30:00Z/.."),
        ("/2025-12-24", "../2025-12-24T23:59:59.999999Z"),
        ("../..", "0001-01-01/9999-12-31"),
    ],
)
def test_the_same_time_written_in_another_way(years, asked, same):
    for dataset in ("hari", "saat", "masa"):
        assert found(years, dataset, asked) == found(years, dataset, same)


def test_a_time_outside_of_the_extent_leaves_only_what_has_no_time(years):
    """No mistake (/req/core/fc-time-response), and no feature with a time."""
    for asked in ("1999-01-01", "2050-01-01T00:00:00Z/..", "../1900-01-01"):
        assert found(years, "hari", asked) == {row["kode"] for row in ROWS if row["tanggal"] is None}


def test_with_a_filter_a_box_an_order_and_values(years):
    whole = {row["kode"] for row in ROWS if row["tanggal"] is None or row["tanggal"] >= date(2026, 1, 1)}
    below = {row["kode"] for number, row in enumerate(ROWS) if number < 40}
    later = {row["kode"] for row in ROWS if row["saat"] and row["saat"] > datetime(2026, 1, 5, tzinfo=UTC)}
    box = "&bbox=116,-1,118,0.395"
    assert found(years, "hari", "2026-01-01/..", box) == whole & below
    text = "&filter=saat%3ETIMESTAMP('2026-01-05T00:00:00Z')"
    assert found(years, "hari", "2026-01-01/..", box + text) == whole & below & later
    either = "&filter=kode%3D'03'%20OR%20saat%3ETIMESTAMP('2026-01-05T00:00:00Z')"
    assert found(years, "hari", "2026-01-01/..", either) == whole & (later | {"03"})
    assert found(years, "hari", "2026-01-01/..", "&kode=00&sortby=-saat") == {"00"}


def test_pages_of_a_time_lose_nothing(years):
    seen, path = [], "/ogc/collections/masa/items?limit=7&datetime=2025-12-20/2025-12-25&sortby=mulai"
    while path:
        document = years.json(path)
        seen += [feature["id"] for feature in document["features"]]
        path = next((link["href"] for link in document["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == document["numberMatched"]
    assert set(seen) == expected("masa", day(date(2025, 12, 20))[0], day(date(2025, 12, 25))[1])


def test_the_extent_in_time_is_that_of_the_values(years):
    def temporal(name: str):
        extent = years.json(f"/ogc/collections/{name}")["extent"].get("temporal")
        if extent is not None:
            assert extent["trs"] == "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
        return extent and extent["interval"]

    days = sorted(row["tanggal"] for row in ROWS if row["tanggal"])
    assert temporal("hari") == [[f"{days[0]}T00:00:00Z", f"{days[-1]}T23:59:59Z"]]
    moments = sorted(row["saat"] for row in ROWS if row["saat"])
    ((first, last),) = temporal("saat")
    assert (datetime.fromisoformat(first), datetime.fromisoformat(last)) == (moments[0], moments[-1])
    assert temporal("masa") == [[None, None]], "some periods have no start, some no end"
    assert temporal("tanpa") is None


def test_an_extent_is_open_only_where_a_period_is(world):
    def publish(periods):
        rows = [{"kode": str(n), "mulai": since, "sampai": until} for n, (since, until) in enumerate(periods)]
        layer = make_layer(rows, [shapely.Point(117, 0)] * len(rows), types=TYPES)
        world.publish("masa", layer, record=record("mulai", "sampai"))
        return world.json("/ogc/collections/masa")["extent"].get("temporal", {}).get("interval")

    one, two = date(2026, 1, 1), date(2026, 3, 1)
    assert publish([(one, two), (None, None)]) == [["2026-01-01T00:00:00Z", "2026-03-01T23:59:59Z"]]
    assert publish([(one, None), (None, None)]) == [["2026-01-01T00:00:00Z", None]]
    assert publish([(None, two), (one, two)]) == [[None, "2026-03-01T23:59:59Z"]]
    assert publish([(None, None)]) is None


def test_an_earlier_version_without_the_field_has_no_time(world):
    world.publish("uji", points(3), record=record("tanggal"))
    rows = [{"kode": "1", "tanggal": date(2026, 1, 1)}]
    world.publish("uji", make_layer(rows, [shapely.Point(117, 0)], types=TYPES), record=record("tanggal"))
    assert world.json("/ogc/collections/uji/items?datetime=2020-01-01")["numberMatched"] == 0
    assert world.json("/ogc/collections/uji/items?datetime=2020-01-01&version=1")["numberMatched"] == 3


def test_a_collection_with_a_time_answers_in_every_form(years):
    for form in ("json", "html", "jsonld"):
        years.get(f"/ogc/collections/masa?f={form}")
        years.get(f"/ogc/collections/masa/items?f={form}&datetime=2026-01-01/..&limit=2")


def test_open_ends_are_written_as_each_form_writes_them(years):
    assert years.json("/ogc/collections/masa?f=jsonld")["dataset"]["temporalCoverage"] == "../.."
    (first, last), *_ = years.json("/ogc/collections/hari")["extent"]["temporal"]["interval"]
    assert years.json("/ogc/collections/hari?f=jsonld")["dataset"]["temporalCoverage"] == f"{first}/{last}"
    by_id = {one["@id"].rpartition("/")[2]: one for one in years.json("/ogc/collections?f=jsonld")["dataset"]}
    assert by_id["masa"]["temporalCoverage"] == "../.."
    assert by_id["tanpa"]["temporalCoverage"] is None
    page = years.get("/ogc/collections/hari?f=html&lang=en").text
    assert f"{first} to {last}" in page
    assert "None" not in years.get("/ogc/collections/masa?f=html&lang=en").text
