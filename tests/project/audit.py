"""Known vulnerabilities of the installed packages, from the database of PyPI: ``make audit``, which installs pip-audit.

The exit code is the number of packages with one. Without the database one line says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """List what is installed, ask, and print what was found."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format", "json", "--exclude", "hrsnn"],
        capture_output=True,
        text=True,
        check=True,
    )
    # a version of a local build, such as 2.13.0+cpu, is in no database
    pins = [f"{one['name']}=={one['version'].partition('+')[0]}" for one in json.loads(listed.stdout)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pins.txt"
        file.write_text("\n".join(pins))
        options = ["--requirement", str(file), "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
        done = subprocess.run([sys.executable, "-m", "pip_audit", *options], capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        print(f"nothing was audited: {' '.join(done.stderr.split())[-200:]}")
        return 0
    found = json.loads(done.stdout)["dependencies"]
    audited = [one for one in found if "vulns" in one]
    bad = [one for one in audited if one["vulns"]]
    for one in bad:
        print(f"{one['name']} {one['version']}: {', '.join(each['id'] for each in one['vulns'])}")
    if not audited:
        print(f"nothing was audited: the database knows none of {len(found)} packages from here")
        return 0
    print(f"{len(audited)} of {len(found)} packages audited, {len(bad)} with known vulnerabilities")
    return len(bad)


if __name__ == "__main__":
    sys.exit(main())
