"""`make openapi`: the document that the application hands out, as YAML under specs/."""

from pathlib import Path

import yaml

from backend.app import create_app
from backend.config import load_settings

EXPORT = Path(__file__).parents[2] / "specs/001-backend-task-api/contracts/openapi.yaml"


def document() -> str:
    """The OpenAPI document; it does not depend on any setting."""
    settings = load_settings(_env_file=None, database_url="postgresql:///none")
    return yaml.safe_dump(
        create_app(settings).openapi(), sort_keys=False, allow_unicode=True, width=100
    )


if __name__ == "__main__":
    EXPORT.write_text(document())
