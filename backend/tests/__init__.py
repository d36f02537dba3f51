"""The suite. Nothing of the developer's own settings reaches it."""

import os

for _name in ("MIGRATION_DATABASE_URL", "PUBLIC_URL", "LOG_FORMAT"):
    os.environ.pop(_name, None)
os.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"  # for `backend.main:app` alone
