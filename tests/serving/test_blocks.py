"""Pages made of blocks that were compressed beforehand, read by others: Python, zlib in pieces, gunzip, curl."""

import gzip
import shutil
import subprocess
import threading
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoportal.serving import blocks
from geoportal.serving.blocks import rows_in_block, shifted
from tests.serving.samples import layer, polygons, served

COUNT = 1_203


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    made = layer(polygons(COUNT), {"n": range(COUNT), "nama": [f"petak ½ {n % 17}" for n in range(COUNT)]})
    return served(tmp_path_factory.mktemp("blocks"), made)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return served(tmp_path_factory.mktemp("few"), layer(polygons(12), {"n": range(12)}))


def test_the_layers_are_what_the_tests_need(serving, few):
    assert serving.blocks.rows == 50
    assert COUNT % serving.blocks.rows, "the last block is shorter"
    assert few.blocks is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(-5, COUNT + 60), st.integers(-5, COUNT + 60), st.binary(max_size=300))
def test_any_page_is_one_gzip_member(serving, head, start, stop, tail):
    found = serving.gzipped(head, start, stop, tail)
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    text = reader.decompress(found)
    assert text == head + serving.slice(start, stop) + tail
    assert reader.eof
    assert reader.unused_data == b"", "one member"
    assert int.from_bytes(found[-4:], "little") == len(text)
    assert int.from_bytes(found[-8:-4], "little") == zlib.crc32(text)
    assert gzip.decompress(found) == text


@settings(max_examples=60, deadline=None)
@given(st.integers(0, COUNT // 50 + 1), st.integers(0, COUNT // 50 + 1), st.booleans(), st.booleans())
def test_pages_that_begin_and_end_where_blocks_do(serving, first, last, headed, tailed):
    head, tail = b'{"features":[' * headed, b"]}" * tailed
    start, stop = 50 * first, 50 * last
    assert gzip.decompress(serving.gzipped(head, start, stop, tail)) == head + serving.slice(start, stop) + tail


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=50), st.integers(0, 14), st.integers(0, 14), st.binary(max_size=50))
def test_a_layer_without_blocks(few, head, start, stop, tail):
    assert gzip.decompress(few.gzipped(head, start, stop, tail)) == head + few.slice(start, stop) + tail


def test_whole_blocks_are_copied(serving, monkeypatch):
    """What lies in whole blocks is not compressed again: only head, tail and the rows around them are."""
    seen = []
    flushed, finished = blocks._flushed, blocks._finished
    monkeypatch.setattr(blocks, "_flushed", lambda text, level: seen.append(len(text)) or flushed(text, level))
    monkeypatch.setattr(blocks, "_finished", lambda text: seen.append(len(text)) or finished(text))
    serving.gzipped(b'{"features":[', 100, 1100, b"]}")
    assert seen == [13, 2]
    seen.clear()
    serving.gzipped(b"", 90, 1105, b"")
    assert sum(seen) == len(serving.slice(90, 100)) + len(serving.slice(1100, 1105)) + 2


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=2_000))
def test_checksums_add_up(before, after):
    assert shifted(zlib.crc32(before), len(after)) ^ zlib.crc32(after) == zlib.crc32(before + after)


@pytest.mark.parametrize("length", [0, 1, 255, 2**16, 2**24 + 12_345])
def test_checksums_over_long_runs(length):
    zeros = bytes(length)
    assert shifted(0x12345678, length) ^ zlib.crc32(zeros) == zlib.crc32(zeros, 0x12345678)


def test_any_size_of_block(tmp_path, serving, monkeypatch):
    """Blocks of one feature, of a number that divides nothing, and one for all."""
    whole = serving.slice(0, COUNT)
    for rows in (1, 7, COUNT, 5_000):
        monkeypatch.setattr("geoportal.serving.build.rows_in_block", lambda size, count, rows=rows: rows)
        made = layer(polygons(COUNT), {"n": range(COUNT), "nama": [f"petak ½ {n % 17}" for n in range(COUNT)]})
        found = served(tmp_path / str(rows), made)
        for start, stop in ((0, COUNT), (0, 1), (6, 15), (7, 14), (COUNT - 1, COUNT), (3, COUNT - 2), (5, 5)):
            assert gzip.decompress(found.gzipped(b"[", start, stop, b"]")) == b"[" + serving.slice(start, stop) + b"]"
        assert found.slice(0, COUNT) == whole


@pytest.mark.parametrize(
    ("size", "count", "wanted"),
    [(0, 0, 0), (60_000, 100, 0), (65_536, 1, 1), (500 * 10**6, 10**6, 50), (10**8, 10**6, 200), (10**7, 10**6, 1000)],
)
def test_how_many_features_go_into_a_block(size, count, wanted):
    assert rows_in_block(size, count) == wanted


@pytest.mark.skipif(shutil.which("gunzip") is None, reason="no gunzip here")
def test_gunzip_reads_it(serving):
    found = subprocess.run(
        ["gunzip", "-c"], input=serving.gzipped(b"[", 3, 777, b"]"), capture_output=True, check=True
    ).stdout
    assert found == b"[" + serving.slice(3, 777) + b"]"


@pytest.fixture
def address(serving):
    """Where a server of plain bytes answers with a page of blocks."""
    body = serving.gzipped(b'{"features":[', 40, 1160, b"]}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_reads_it(serving, address):
    found = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--compressed", address], capture_output=True, check=True
    ).stdout
    assert found == b'{"features":[' + serving.slice(40, 1160) + b"]}"


def test_chromium_reads_it(serving, address, chromium):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(address)
        found = page.evaluate("async () => (await (await fetch(location.href)).json()).features.map(one => one.id)")
    assert found == serving.fids(range(40, 1160))


def test_the_sums_in_the_file_are_those_of_the_text(serving):
    text, found = serving.slice(0, COUNT), serving.blocks
    ends = [int(found.starts[found.rows_of(0, block)[1]]) - 1 for block in range(1, len(found.sums))]
    assert found.sums.tolist() == [0, *(zlib.crc32(text[:end]) for end in ends)]
    assert np.all(np.diff(found.offsets) > 6)
