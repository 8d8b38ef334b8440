"""Hall B, the housing fund hall of another city: it knows whoever logged in anywhere, by another ``sub``.

``MANYOU_DEMO=var/demo.json flask --app examples/hall_b/app.py run --port 8002``
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from flask import Flask, render_template

from manyou.flask import FlaskHall

demo = json.loads(Path(os.environ["MANYOU_DEMO"]).read_text("utf-8"))
own = next(client for client in demo["clients"] if client["client_id"] == "hall-b")

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
credentials = own["client_id"], own["client_secret"]
hall = FlaskHall(app, demo["issuer"], *credentials, redirect_uri=own["redirect_uris"][0])


@app.get("/")
def welcome() -> str:
    """The front door."""
    return render_template("hall.html")


@app.get("/me")
@hall.login_required
def me() -> str:
    """For whoever is logged in."""
    return render_template("hall.html")
