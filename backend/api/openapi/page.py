"""The page of /docs: Swagger UI, of one version, byte for byte, under a policy of its own."""

from base64 import b64encode
from hashlib import sha256

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

# FastAPI's own page takes whatever is the newest 5.x, without a digest (SRI, 3.3).
_UI = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0"
SCRIPT, SCRIPT_DIGEST = (
    f"{_UI}/swagger-ui-bundle.js",
    "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
)
STYLE, STYLE_DIGEST = (
    f"{_UI}/swagger-ui.css",
    "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
)

# A relative address, for a proxy's prefix; no validator, which is a stranger's service.
START = """
SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null})
"""

PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tasks</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE}" integrity="{STYLE_DIGEST}" crossorigin="anonymous">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{SCRIPT}" integrity="{SCRIPT_DIGEST}" crossorigin="anonymous"></script>
<script>{START}</script>
</body>
</html>
"""

_START_DIGEST = b64encode(sha256(START.encode()).digest()).decode()
POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {SCRIPT} 'sha256-{_START_DIGEST}'",
        f"style-src {STYLE}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


async def _page(request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


def add_docs(app: FastAPI) -> None:
    """Serve the page at /docs."""
    app.add_route("/docs", _page, include_in_schema=False)
