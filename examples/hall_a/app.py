"""Hall A, the market hall of Fule City: a new food business permit, without a paper brought along.

``MANYOU_DEMO=var/demo.json flask --app examples/hall_a/app.py run --port 8001``
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from flask import Flask, render_template
from flask.typing import ResponseReturnValue

from manyou.errors import Problem
from manyou.flask import FlaskHall

demo = json.loads(Path(os.environ["MANYOU_DEMO"]).read_text("utf-8"))
own = next(client for client in demo["clients"] if client["client_id"] == "hall-a")
MATTER, PURPOSE = "food-permit-new", "办理食品经营许可新办"

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


@app.post("/apply")
def apply() -> ResponseReturnValue:
    """Open a case, and ask the holder to let this hall use the business licence for it."""
    number = f"SP{secrets.randbelow(10**10):010}"
    detail = {"type": "elicence", "matter": MATTER, "purpose": PURPOSE, "business_number": number}
    return hall.ask(back=f"/cases/{number}", resource=hall.licences.resource, authorization_details=[detail])


@app.get("/cases/<number>")
@hall.login_required
def case(number: str) -> ResponseReturnValue:
    """What the library gave, or why it did not."""
    token = hall.access_token(hall.licences.resource) or ""
    try:
        found = hall.licences.use(token, matter=MATTER, purpose=PURPOSE, business_number=number)
    except Problem as refused:
        return render_template("case.html", number=number, refused=refused), 403
    return render_template("case.html", number=number, materials=found["materials"])
