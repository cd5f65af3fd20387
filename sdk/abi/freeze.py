#!/usr/bin/env python3
"""Keeps frozen copies of the connector header, and refuses a change that breaks one.

  freeze.py draft           copy today's header to draft/, after a change of it (while its major is 0)
  freeze.py release         freeze it as MAJOR.MINOR/, for good (major 1 and later)
  freeze.py check [HEADER]  compare the header with every frozen copy; exit 1 with one sentence a difference
  freeze.py grow FILE       write the header as a later minor version could be: every struct that may grow is longer
"""
import pathlib
import re
import shutil
import sys

HOME = pathlib.Path(__file__).resolve().parent
HEADER = HOME.parent / "include" / "penstock" / "connector.h"
# They say which header it is, so they differ from one to the next.
CHANGING = {"PENSTOCK_ABI_MINOR", "PENSTOCK_DRAFT_ID"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def words(text):
    """The text as tokens: what a compiler sees, whatever the layout."""
    return re.findall(r'"[^"]*"|\w+|[^\w\s]', without_comments(text))


def body_after(text, start):
    """The text between the brace at `start` and its partner, and where that is."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1 : at], at
    raise ValueError("a brace is not closed")


def declarations(body):
    """The declarations of a struct, split at its own semicolons."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(body):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(char, 0)
        if char == ";" and depth == 0:
            parts.append(" ".join(body[start:at].split()))
            start = at + 1
    return parts


def names(declaration):
    """The names that a declaration declares; of a union also its members, as union.member."""
    function = re.search(r"\(\s*\*\s*(\w+)\s*\)", declaration)
    if function:
        return [function.group(1)]
    if declaration.startswith("union"):
        body, end = body_after(declaration, declaration.index("{"))
        union = declaration[end + 1 :].strip()
        return [union] + [f"{union}.{name}" for part in declarations(body) for name in names(part)]
    return [re.search(r"(\w+)\s*(\[\w*\])?$", part.strip()).group(1) for part in declaration.split(",")]


class Header:
    def __init__(self, path):
        self.raw = path.read_text()
        self.words = words(self.raw)
        text = without_comments(self.raw)
        self.values = {}
        for name, value in re.findall(r"^#define\s+(PENSTOCK_\w+)[ \t]+([^\n\\]+)$", text, re.M):
            self.values[name] = value.strip()
        text = re.sub(r"^#[^\n]*$", "", text.replace("\\\n", " "), flags=re.M).replace('extern "C" {', "")
        for body in re.findall(r"\benum\s*\{(.*?)\}", text, re.S):
            for entry in body.split(","):
                name, _, value = entry.partition("=")
                if name.strip():
                    self.values[name.strip()] = " ".join(value.split())
        self.structs = {}
        for match in re.finditer(r"\btypedef struct (\w+)\s*\{", text):
            body, _ = body_after(text, match.end() - 1)
            self.structs[match.group(1)] = declarations(body)
        bare = text
        for match in reversed(list(re.finditer(r"\b(typedef struct \w+|enum)\s*\{", text))):
            _, end = body_after(text, match.end() - 1)
            bare = bare[: match.start()] + bare[bare.index(";", end) + 1 :]
        # What is left: simple types, callbacks, opaque types, the entry.
        self.types = [" ".join(part.split()) for part in bare.split(";") if part.strip()]
        self.types = [part for part in self.types if part.startswith(("typedef", "PENSTOCK_EXPORT"))]

    def may_grow(self, struct):
        return "uint32_t struct_size" in self.structs[struct][:2]

    def minor(self):
        return self.values["PENSTOCK_ABI_MINOR"].rstrip("u")

    def major(self):
        return self.values["PENSTOCK_ABI_MAJOR"].rstrip("u")


def layout(header):
    lines = ["/* Made by freeze.py from connector.h beside it: everything in it that has a place or a value. */"]
    for struct, parts in header.structs.items():
        lines.append(f"PENSTOCK_STRUCT({struct}, {'GROWS' if header.may_grow(struct) else 'FIXED'})")
        lines += [f"PENSTOCK_FIELD({struct}, {name})" for part in parts for name in names(part)]
    lines += [
        f"PENSTOCK_CONSTANT({name})"
        for name, value in header.values.items()
        if name not in CHANGING and re.fullmatch(r"[\w<() ]+", value)
    ]
    return "\n".join(lines) + "\n"


def compare(frozen, today, where):
    """Sentences, one for each thing of `frozen` that `today` does not keep."""
    wrong = []
    for struct, parts in frozen.structs.items():
        now = today.structs.get(struct)
        if now is None:
            wrong.append(f"struct {struct} of {where} is gone")
            continue
        for n, part in enumerate(parts):
            if n >= len(now) or now[n] != part:
                found = f'"{now[n]}"' if n < len(now) else "nothing"
                wrong.append(f'{struct} of {where} has "{part}" as member {n + 1}; the header has {found} there')
                break
        else:
            if len(now) > len(parts) and not frozen.may_grow(struct):
                wrong.append(f'{struct} of {where} has no struct_size and must not grow; "{now[len(parts)]}" was added')
    for name, value in frozen.values.items():
        if name not in CHANGING and today.values.get(name) != value:
            wrong.append(f"{name} of {where} is {value}; the header says {today.values.get(name, 'nothing')}")
    for declared in frozen.types:
        if declared not in today.types:
            wrong.append(f'"{declared}" of {where} is gone or different')
    return wrong


def compare_draft(header):
    copy = HOME / "draft" / "penstock" / "connector.h"
    frozen = Header(copy)
    again = "run sdk/abi/freeze.py draft"
    if frozen.words == header.words:
        stale = (HOME / "draft" / "layout.inc").read_text() != layout(frozen)
        return [f"sdk/abi/draft/layout.inc does not belong to the copy beside it; {again}"] if stale else []
    if frozen.values["PENSTOCK_DRAFT_ID"] == header.values["PENSTOCK_DRAFT_ID"]:
        return [f"the header is not its draft copy any more and has the same PENSTOCK_DRAFT_ID: change that, then {again}"]
    return [f"the header is another draft than the copy in sdk/abi/draft: {again}"]


def check(path):
    today = Header(path)
    wrong = compare_draft(today) if today.major() == "0" else []
    for home in sorted(HOME.glob("[0-9]*.[0-9]*")):
        if home.name.split(".")[0] == today.major():
            wrong += compare(Header(home / "penstock" / "connector.h"), today, home.name)
    for sentence in wrong:
        print(f"{path.name}: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


def freeze(home):
    (home / "penstock").mkdir(parents=True, exist_ok=True)
    copy = home / "penstock" / "connector.h"
    shutil.copyfile(HEADER, copy)
    (home / "layout.inc").write_text(layout(Header(copy)))
    print(f"froze {home.name}")
    return 0


def release():
    header = Header(HEADER)
    if header.major() == "0":
        print("The header is a draft: give PENSTOCK_ABI_MAJOR its number, rename the entry symbol, then freeze it.",
              file=sys.stderr)
        return 2
    home = HOME / f"{header.major()}.{header.minor()}"
    if home.exists():
        print(f"{home.name} is frozen already: raise PENSTOCK_ABI_MINOR for what was added.", file=sys.stderr)
        return 2
    return check(HEADER) or freeze(home)


def grow(path):
    header = Header(HEADER)
    text = re.sub(r"(#define PENSTOCK_ABI_MINOR )\d+u", lambda m: f"{m.group(1)}{int(header.minor()) + 1}u", header.raw)
    for struct in header.structs:
        if header.may_grow(struct):
            text = re.sub(r"\}\s*" + struct + ";", f"  uint64_t grown[2];\n}} {struct};", text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#define PENSTOCK_GROWN 1\n" + text)
    return 0


def main(arguments):
    if arguments == ["draft"]:
        if Header(HEADER).major() != "0":
            print("The header is no draft: its frozen copies are the releases.", file=sys.stderr)
            return 2
        return freeze(HOME / "draft")
    if arguments == ["release"]:
        return release()
    if arguments[:1] == ["check"] and len(arguments) <= 2:
        return check(pathlib.Path(arguments[1]) if len(arguments) == 2 else HEADER)
    if arguments[:1] == ["grow"] and len(arguments) == 2:
        return grow(pathlib.Path(arguments[1]))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
