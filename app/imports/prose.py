"""HTML in texts of a file, as intranets export it, becomes plain text with the same lines. Nothing is ever run."""

import html
import re

TEXTS = ("name", "teaser", "purpose", "description", "target_group", "platform")
LISTS_OF_TEXTS = ("topics", "tags", "offers", "seeks")
# Only what is HTML is taken for HTML: "<T>", "<3" and "<name@company.example>" are text that people write.
_ELEMENTS = frozenset(
    re.findall(
        "[a-z0-9]+",
        "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body "
        "br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl "
        "dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr "
        "html i iframe img input ins kbd label legend li link main map mark marquee math menu meta meter nav "
        "noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script section "
        "select slot small source span strike strong style sub summary sup svg table tbody td template textarea "
        "tfoot th thead time title tr track tt u ul var video wbr",
    )
)
_LINES = frozenset(
    re.findall(
        "[a-z0-9]+",
        "address article aside blockquote br caption dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "
        "header hr li main nav ol p pre section table tr ul",
    )
)
_UNSEEN = frozenset({"script", "style", "template", "title", "head"})
# Each alternative stops at the next bracket, so that no text takes longer than its length.
_TOKEN = re.compile(r"<!--|-->|<!doctype\b[^<>]*>|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?:[\s/][^<>]*)?>", re.I)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.I)


def plain(text: str) -> str:
    """The text without tags, comments and scripts, entities as characters, a line for each block."""
    if "<" in text:
        text = _without_tags(text)
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text


def _without_tags(text: str) -> str:
    kept: list[str] = []
    position, hidden, found = 0, "", False
    for token in _TOKEN.finditer(text):
        name = (token["name"] or "").lower()
        if name and name not in _ELEMENTS:
            continue
        if token[0] == "-->" and hidden != "-->":
            continue
        if not hidden:
            between = text[position : token.start()]
            # How the source of a page is laid out says nothing about its lines.
            kept.append(" " if found and not between.strip() else between)
        position, found = token.end(), True
        if hidden:
            if (token[0] == "-->" and hidden == "-->") or (token["end"] and name == hidden):
                hidden = ""
        elif token[0] == "<!--":
            hidden = "-->"
        elif name in _UNSEEN:
            hidden = "" if token["end"] else name
        elif name:
            kept.append(_instead_of(name, ends=bool(token["end"])))
    if not hidden:
        kept.append(text[position:])
    return _tidy("".join(kept)) if found else text


def _instead_of(name: str, *, ends: bool) -> str:
    if name == "li":
        return "" if ends else "\n- "
    if name in _LINES:
        return "\n"
    return " " if name in {"td", "th"} else ""


def _tidy(text: str) -> str:
    """Blanks made one, and at most one empty line between two others."""
    lines = [" ".join(line.split()) for line in text.replace("\r\n", "\n").split("\n")]
    kept: list[str] = []
    for line in lines:
        if line not in {"", "-"} or (line == "" and kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()
