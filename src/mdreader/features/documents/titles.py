"""What a document is called: by its front matter, else by its first heading, else by its file name. Pure.

Only a bounded head of the text is looked at, so that a text of 5 MB costs what one of 16 KB does; and of that the first lines alone,
where most texts say it.
"""

import json
import re
from typing import Final

HEAD_CHARACTERS: Final = 16_384
NEAR_CHARACTERS: Final = 512
MAX_TITLE_CHARACTERS: Final = 200

_LINE_END: Final = re.compile(r"\r\n?|\n")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX: Final = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_SETEXT: Final = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
# A paragraph that a Setext underline may follow: no heading, quote, list, table row, fence or HTML, and not indented as code.
_PARAGRAPH: Final = re.compile(r" {0,3}(?!#{1,6}(?:\s|$)|>|[-*+](?:\s|$)|\d{1,9}[.)](?:\s|$)|\||<|`{3}|~{3})\S")
_FRONT_MATTER_TITLE: Final = re.compile(r"title[ \t]*:(?:[ \t]+(.*))?$", re.IGNORECASE)

_IMAGE: Final = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?")
_LINK: Final = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->")
_EMPHASIS: Final = re.compile(r"(?<!\\)(\*{1,3}|~~|(?<!\w)_{1,3})(?=\S)(.+?)(?<=[^\s\\])\1(?!\w)")
_MARK: Final = re.compile(r"[\[<`*~_\\]")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_COMMENT: Final = re.compile(r"[ \t]#.*$")


def title_of(text: str) -> str:
    """The title that the text itself gives, one line of at most 200 characters; empty when it gives none."""
    if len(text) > NEAR_CHARACTERS:
        lines = _lines(text, NEAR_CHARACTERS)
        start, title = _front_matter(lines)
        # What whole lines say does not change with those that follow; but the front matter may only end there.
        if len(lines) > 1 and (start or lines[0].rstrip() != "---"):
            title = _one_line(title) or _first_heading(lines[start:])
            if title:
                return title
    lines = _lines(text, HEAD_CHARACTERS)
    start, title = _front_matter(lines)
    return _one_line(title) or _first_heading(lines[start:])


def _lines(text: str, characters: int) -> list[str]:
    """The lines of a head of the text."""
    lines = _LINE_END.split(text[:characters].removeprefix("\ufeff"))
    if len(text) > characters and len(lines) > 1:
        lines.pop()  # it may be cut in the middle
    return lines


def title_of_path(path: str) -> str:
    """The file name without its Markdown extension."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    return stem if dot and stem and extension.lower() in {"md", "markdown", "mdown", "mkd", "mdx"} else name


def _front_matter(lines: list[str]) -> tuple[int, str]:
    """Where the body starts, and the title in the YAML before it."""
    if lines[0].rstrip() != "---":
        return 0, ""
    end = next((number for number, line in enumerate(lines) if number and line.rstrip() in {"---", "..."}), None)
    if end is None:
        return 0, ""
    for number in range(1, end):
        found = _FRONT_MATTER_TITLE.match(lines[number])
        if found:
            return end + 1, _scalar(found.group(1) or "", lines[number + 1 : end])
    return end + 1, ""


def _scalar(value: str, following: list[str]) -> str:
    """A YAML scalar as text: plain, in quotes, or a block on the lines that follow."""
    value = value.strip()
    if value[:1] in {"|", ">"}:
        block = []
        for line in following:
            if line.strip() and not line.startswith((" ", "\t")):
                break
            block.append(line.strip())
        return " ".join(block)
    if value.startswith('"'):
        quoted = re.match(r'"(?:[^"\\]|\\.)*"', value)
        try:
            return str(json.loads(quoted.group())) if quoted else value
        except ValueError:
            return value.strip('"')
    if value.startswith("'"):
        quoted = re.match(r"'(?:[^']|'')*'", value)
        return quoted.group()[1:-1].replace("''", "'") if quoted else value
    value = _COMMENT.sub("", f" {value}").strip()
    return "" if value in {"null", "~"} else value


def _first_heading(lines: list[str]) -> str:
    fence = ""
    paragraph = ""
    comment = False
    for line in lines:
        if comment or line.lstrip().startswith("<!--"):
            comment = "-->" not in line
            paragraph = ""
            continue
        marks = _FENCE.match(line)
        if fence:
            if marks and marks.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if marks:
            fence, paragraph = marks.group(1), ""
            continue
        heading = _ATX.match(line)
        if heading:
            title = _plain(_without_closing_marks(line[heading.end() :].strip()))
            paragraph = ""
        elif paragraph and _SETEXT.match(line):
            title = _plain(paragraph)
            paragraph = ""
        else:
            if paragraph and line.strip():
                paragraph += f" {line.strip()}"
            else:
                paragraph = line.strip() if _PARAGRAPH.match(line) else ""
            continue
        if title:
            return title
    return ""


def _without_closing_marks(heading: str) -> str:
    """`Title` for `Title ##`; the marks of `C#` are its own."""
    words = heading.rstrip("#")
    return words.rstrip() if not words or words[-1] in " \t" else heading


def _plain(inline: str) -> str:
    """Inline Markdown as the words that a reader sees."""
    inline = inline[: 4 * MAX_TITLE_CHARACTERS]
    if not _MARK.search(inline):
        return _one_line(inline)
    inline = _LINK.sub(r"\1", _IMAGE.sub("", inline))
    inline = _TAG.sub("", inline).replace("`", "")
    inline = _EMPHASIS.sub(r"\2", inline)
    return _one_line(_ESCAPE.sub(r"\1", inline))


def _one_line(title: str) -> str:
    if not title.isprintable():
        title = "".join(character if character.isprintable() else " " for character in title)
    title = " ".join(title.split())
    if len(title) > MAX_TITLE_CHARACTERS:
        title = title[: MAX_TITLE_CHARACTERS - 1].rstrip() + "…"
    return title
