#!/usr/bin/env python3
"""Tries every deliberate bug of mutants.txt in a copy of the tree and says which test caught it.

    tests/mutants/run.py [BUILD_DIR] [NAME_PART]

Exit 1 if a bug was caught by no test. Needs a configured compiler (make test installs it); takes some minutes a bug.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read_mutants():
    mutants, current = [], {}
    for line in (ROOT / "tests/mutants/mutants.txt").read_text().splitlines() + [""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if current:
                mutants.append(current)
            current = {}
            continue
        key, value = line.split(":", 1)
        current[key] = value.strip()
    return mutants


def run(command, cwd, timeout=1800):
    return subprocess.run(command, cwd=cwd, timeout=timeout, capture_output=True, text=True)


def main():
    work = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(tempfile.mkdtemp(prefix="penstock-mutants."))
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    tree, build = work / "tree", work / "build"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", "build", "demo", "node_modules"), dirs_exist_ok=True)
    configured = run(["cmake", "--preset", "debug", "-B", str(build)], tree)
    if configured.returncode != 0:
        sys.exit(configured.stdout + configured.stderr)
    survived = 0
    for mutant in read_mutants():
        if part not in mutant["name"]:
            continue
        path = tree / mutant["file"]
        original = path.read_text()
        if original.count(mutant["from"]) != 1:
            sys.exit(f"mutants.txt: '{mutant['from']}' stands {original.count(mutant['from'])} times in {mutant['file']}")
        path.write_text(original.replace(mutant["from"], mutant["to"]))
        built = run(["cmake", "--build", str(build), "--target", mutant["test"]], tree)
        if built.returncode != 0:
            verdict = "DOES NOT BUILD\n" + built.stdout[-2000:]
            survived += 1
        else:
            tested = run(["ctest", "--test-dir", str(build), "-R", f"^{mutant['test']}$", "--output-on-failure"], tree)
            red = tested.returncode != 0
            survived += 0 if red else 1
            verdict = f"caught by {mutant['test']}" if red else "SURVIVED"
        path.write_text(original)
        print(f"{mutant['name']}: {verdict}", flush=True)
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    main()
