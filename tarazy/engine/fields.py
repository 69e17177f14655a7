"""Fields that both engines store alike."""

import json
from typing import Any

from django.db import models


class TextEncoder(json.JSONEncoder):
    """Writes letters as letters: escaped, a Cyrillic text takes three times the room."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


class TextJSONField(models.JSONField):
    """A JSON field that stores Cyrillic as it is written."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("encoder", TextEncoder)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """Leave the encoder out of migrations: it goes without saying."""
        name, path, args, options = super().deconstruct()
        if options.get("encoder") is TextEncoder:
            del options["encoder"]
        return name, path, args, options
