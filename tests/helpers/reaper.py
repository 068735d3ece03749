"""A small reader of Reaper's projects."""

import re
from dataclasses import dataclass, field

_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|`([^`]*)`|(\S+)")


@dataclass
class RppBlock:
    """Block of a project."""

    kind: str
    arguments: list[str]
    statements: list[list[str]] = field(default_factory=list)
    children: list["RppBlock"] = field(default_factory=list)

    def blocks(self, kind: str) -> list["RppBlock"]:
        """Return the blocks of this kind in the block."""
        return [child for child in self.children if child.kind == kind]

    def lines(self, name: str) -> list[list[str]]:
        """Return the arguments of each statement of this name."""
        return [words[1:] for words in self.statements if words[0] == name]

    def value(self, name: str) -> str:
        """Return the first argument of the only statement of this name."""
        ((value, *_),) = self.lines(name)
        return value


def parse_rpp(text: str) -> RppBlock:
    """Return the project. Raises AssertionError if blocks are not closed."""
    stack = [RppBlock("", [])]
    for line in text.splitlines():
        if line.strip() == ">":
            stack.pop()
            continue
        words = ["".join(groups) for groups in _WORD.findall(line.strip().removeprefix("<"))]
        if line.strip().startswith("<"):
            block = RppBlock(words[0], words[1:])
            stack[-1].children.append(block)
            stack.append(block)
        else:
            stack[-1].statements.append(words)
    assert len(stack) == 1
    return stack[0].blocks("REAPER_PROJECT")[0]
