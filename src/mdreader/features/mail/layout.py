"""How a mail looks: as text, and as HTML without pictures, scripts or anything that is fetched."""

from dataclasses import dataclass
from html import escape
from typing import Final


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says, before it has a form. `action` is a button's words and its address."""

    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    code: str | None = None
    notes: tuple[str, ...] = ()


_FOOTER: Final = "Sent by mdreader. Nobody reads answers to this address."

# Colours for both modes; programs that drop <style> show the light ones, which stand in the elements.
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
<style>
:root {{ color-scheme: light dark; supported-color-schemes: light dark; }}
@media (prefers-color-scheme: dark) {{
  body, .sheet {{ background: #16181d !important; color: #e8eaed !important; }}
  .code {{ background: #262a31 !important; color: #ffffff !important; }}
  .small {{ color: #a5abb6 !important; }}
  .small a {{ color: #9db8ff !important; }}
  .button {{ background: #3f6ae0 !important; color: #ffffff !important; }}
}}
</style>
</head>
<body style="margin:0;padding:24px 12px;background:#ffffff;color:#1d2026;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div class="sheet" style="max-width:34em;margin:0 auto">
{body}
<p class="small" style="margin:32px 0 0;font-size:13px;color:#5d6470">{footer}</p>
</div>
</body>
</html>
"""
_PARAGRAPH: Final = '<p style="margin:0 0 16px">{}</p>'
_BUTTON: Final = (
    '<p style="margin:24px 0"><a class="button" href="{link}" style="display:inline-block;padding:12px 20px;border-radius:8px;'
    'background:#2f5bd3;color:#ffffff;font-weight:600;text-decoration:none">{words}</a></p>\n'
    '<p class="small" style="margin:0 0 16px;font-size:13px;color:#5d6470;overflow-wrap:anywhere">'
    'Or open this address: <a href="{link}" style="color:#2f5bd3">{link}</a></p>'
)
_CODE: Final = (
    '<p style="margin:24px 0"><span class="code" style="display:inline-block;padding:12px 20px;border-radius:8px;'
    'background:#eef0f4;color:#1d2026;font:600 28px/1.2 ui-monospace,Consolas,monospace;letter-spacing:4px">{}</span></p>'
)
_NOTE: Final = '<p class="small" style="margin:0 0 8px;font-size:13px;color:#5d6470">{}</p>'


def as_text(content: Content) -> str:
    """The mail as plain text."""
    parts = list(content.paragraphs)
    if content.action is not None:
        words, link = content.action
        parts.append(f"{words}:\n{link}")
    if content.code is not None:
        parts.append(f"Code: {content.code}")
    return "\n\n".join([*parts, *content.notes, f"-- \n{_FOOTER}"]) + "\n"


def as_html(content: Content) -> str:
    """The mail as one HTML document."""
    parts = [_PARAGRAPH.format(escape(paragraph)) for paragraph in content.paragraphs]
    if content.action is not None:
        words, link = content.action
        parts.append(_BUTTON.format(words=escape(words), link=escape(link)))
    if content.code is not None:
        parts.append(_CODE.format(escape(content.code)))
    parts += [_NOTE.format(escape(note)) for note in content.notes]
    return _PAGE.format(subject=escape(content.subject), body="\n".join(parts), footer=escape(_FOOTER))
