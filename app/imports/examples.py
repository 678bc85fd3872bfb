"""How the body of an import is described and shown at /docs."""

from typing import Any

from app.communities.schemas import EXAMPLE
from app.imports.headings import as_markdown

_ROW = {"external_id": "data-literacy"} | EXAMPLE
_ABOUT_CSV = (
    "A line of headings, then one community a row. Separated by comma, semicolon, tab or |; UTF-8, UTF-16 with a "
    "byte order mark, or Windows-1252; both are detected. An empty cell is left out. Several values of a cell are "
    "separated by a line break, else |, else ;, else a comma (not in `offers` and `seeks`). Headings in any case, "
    "with blanks or underscores, umlauts or ae, oe, ue:\n\n" + as_markdown()
)
_GERMAN = (
    "Externe ID;Name;Beschreibung;Schlagworte;Sprachen;Größe;Ansprechpartner E-Mail;Ansprechpartner Vorname\r\n"
    'lauftreff;Lauftreff;"Wir laufen; bei jedem Wetter.";Laufen|Gesundheit;Deutsch;100-499;'
    "lauftreff@nordwerk.example;Kim\r\n"
)
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The communities. Each row has an `external_id` and the fields of a community. Any of the "
        "formats may be packed with gzip.",
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One JSON object a line."},
                "example": '{"external_id": "data-literacy", "name": "Data Literacy Circle", "languages": ["en"]}\n'
                '{"external_id": "lauftreff", "name": "Lauftreff", "languages": ["de"]}\n',
            },
            "application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/CommunityRow"}},
                "example": [_ROW],
            },
            "text/csv": {
                "schema": {"type": "string", "description": _ABOUT_CSV},
                "example": _GERMAN,
            },
        },
    }
}
