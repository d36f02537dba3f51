"""The service behind tokens.

JWKS_URL=… JWT_ISSUER=… JWT_AUDIENCE=… DATABASE_URL=… PYTHONPATH=. python examples/jwt/service.py
"""

import os

from verifier import Verifier

from backend.api.dependencies import get_caller
from backend.main import app
from backend.serve import run

if __name__ == "__main__":
    app.dependency_overrides[get_caller] = Verifier(
        os.environ["JWKS_URL"], os.environ["JWT_ISSUER"], os.environ["JWT_AUDIENCE"]
    )
    run()
