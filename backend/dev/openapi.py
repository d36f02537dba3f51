"""`make openapi`: the document that the application hands out, as YAML under specs/."""

from pathlib import Path
from typing import Any

import yaml

from backend.app import create_app
from backend.config import load_settings

EXPORT = Path(__file__).parents[2] / "specs/001-backend-task-api/contracts/openapi.yaml"


def built() -> dict[str, Any]:
    """The OpenAPI document; it does not depend on any setting."""
    settings = load_settings(_env_file=None, database_url="postgresql:///none")
    return create_app(settings).openapi()


class _WithoutAliases(yaml.SafeDumper):
    """Writes what is there twice twice: an anchor's number would change with every example."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def document() -> str:
    """The same as YAML."""
    text: str = yaml.dump(
        built(), Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True, width=100
    )
    return text


if __name__ == "__main__":
    EXPORT.write_text(document())
