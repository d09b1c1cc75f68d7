"""Stock pygeoapi in a process of its own, with none of our seams: a program, not a test.

``python stock.py FOLDER`` reads ``FOLDER/config.json``, makes the OpenAPI document and the Starlette app of pygeoapi as
its users would, and then answers one request a line of standard input, both as JSON.
"""

import base64
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    text = (folder / "config.json").read_text("utf-8")
    (folder / "config.yaml").write_text(text, "utf-8")  # JSON is YAML
    os.environ["PYGEOAPI_CONFIG"] = str(folder / "config.yaml")
    os.environ["PYGEOAPI_OPENAPI"] = str(folder / "openapi.json")
    from pygeoapi.openapi import get_oas

    (folder / "openapi.json").write_text(json.dumps(get_oas(json.loads(text))), "utf-8")
    # The module imports the server that its own command starts. We start none, so it need not be installed.
    sys.modules.setdefault("uvicorn", ModuleType("uvicorn"))
    from pygeoapi.starlette_app import APP
    from starlette.testclient import TestClient

    loaded = sorted(name for name in sys.modules if name.split(".")[0] == "geoportal")
    answers = sys.stdout
    sys.stdout = sys.stderr
    print(json.dumps({"ready": True, "ours": loaded}), file=answers, flush=True)
    with TestClient(APP, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        for line in sys.stdin:
            asked = json.loads(line)
            response = client.request(
                asked["method"], asked["path"], headers=asked["headers"], content=asked["body"], follow_redirects=False
            )
            found = {
                "status": response.status_code,
                "headers": dict(response.headers),
                "body": base64.b64encode(response.content).decode(),
            }
            print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
