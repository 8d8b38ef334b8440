"""``manyou demo --conformance``: static clients for the OpenID Foundation's suite, and its settings for them.

The suite calls back at ``‹suite›/test/a/‹alias›/…``; its second client has a query in its redirect address,
to see that addresses are compared as they are. ``conformance.json`` holds for each plan what the suite is
told, ready to be pasted.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm

from idp.oauth.clients.client import Client, new_secret
from idp.oauth.clients.grant_types import CIBA
from idp.oauth.clients.registered import put
from idp.oauth.registering import initial

if TYPE_CHECKING:
    from pathlib import Path

    from service.demo.folder import Demo
    from service.house import House

__all__ = ["SUITE", "prepare_conformance"]

SUITE = re.compile(r"https://[a-z0-9.\-]+(?::[0-9]{1,5})?/test/a/[A-Za-z0-9_\-]{1,64}")
"""The suite's host and the alias of a test plan."""
QUERY = "?dummy1=lorem&dummy2=ipsum"
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
REGISTERING_DAYS = 30
REGISTRATIONS = 10_000
CERTIFICATE_DAYS = 397
FAPI: dict[str, dict[str, Any]] = {
    "fapi2-dpop": {"profile": "fapi2", "auth_method": "private_key_jwt", "dpop_bound": True},
    "fapi2-mtls": {
        "profile": "fapi2",
        "auth_method": "self_signed_tls_client_auth",
        "certificate_bound": True,
    },
    "fapi2-message-signing": {
        "profile": "fapi2-message-signing",
        "auth_method": "private_key_jwt",
        "dpop_bound": True,
        "signed_request_required": True,
    },
}
"""Plan → what its two clients are registered with besides."""


def prepare_conformance(demo: Demo, house: House, suite: str, now: int) -> Path:
    """Register the clients (safe to repeat: with new secrets and keys) and write ``conformance.json``."""
    plans = {"oidcc-basic": _basic(suite)}
    plans |= {f"oidcc-{way}-logout": _basic(suite, way, way) for way in ("backchannel", "frontchannel")}
    plans |= {name: _fapi(name, suite) for name in FAPI}
    plans |= {f"fapi-ciba-{mode}": _ciba(mode, suite) for mode in ("poll", "ping")}
    for _, clients in plans.values():
        for client in clients:
            house.durable.write(lambda tx, client=client: put(tx, client, now))  # type: ignore[misc]
    token = secrets.token_urlsafe(32)
    terms = initial.Terms(scopes=SCOPES, subject_types=("pairwise", "public"))
    ends = now + REGISTERING_DAYS * 86_400
    house.durable.write(
        lambda tx: initial.issue(tx, initial.digest(token), terms, uses=REGISTRATIONS, ends=ends, now=now)
    )
    facts = demo.facts()
    person = next(each for each in facts["people"] if each["password"] and not each["totp_secret"])
    shared = {
        "alias": suite.rpartition("/")[2],
        "server": {"discoveryUrl": f"{facts['issuer']}/.well-known/openid-configuration"},
        "resource": {"resourceUrl": f"{facts['issuer']}/userinfo"},
        "browser": _browser(facts["issuer"], suite, person),
    }
    told = {
        "suite": suite,
        "issuer": facts["issuer"],
        "ca_file": facts["ca_file"],
        "initial_access_token": token,
        "person": person,
        "plans": {
            name: {"description": f"Manyou {name}", **shared, **settings}
            for name, (settings, _) in plans.items()
        },
    }
    path = demo.folder / "conformance.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file, ensure_ascii=False, indent=1)
    return path


Plan = tuple[dict[str, Any], list[Client]]
"""The suite's settings, and our records."""


def _client(client_id: str, suite: str, query: str, **values: Any) -> Client:
    return Client(
        client_id=client_id,
        name_zh="一致性测试",
        name_en="Conformance suite",
        redirect_uris=(f"{suite}/callback{query}",),
        post_logout_redirect_uris=(f"{suite}/post_logout_redirect",),
        scopes=SCOPES,
        **values,
    )


def _basic(suite: str, plan: str = "basic", told_at: str = "") -> Plan:
    """``told_at``: backchannel or frontchannel, where the suite is to hear of a logout.

    In a plan of its own: a call that a module does not expect fails it, also one that an earlier module's
    login causes when it ends.
    """
    settings: dict[str, Any] = {}
    clients = []
    hears: dict[str, Any] = {}
    if told_at:
        hears = {
            f"{told_at}_logout_uri": f"{suite}/{told_at}_logout",
            f"{told_at}_logout_session_required": True,
        }
    for name, method, query in (
        ("client", "client_secret_basic", ""),
        ("client2", "client_secret_basic", QUERY),
        ("client_secret_post", "client_secret_post", ""),
    ):
        secret, digest = new_secret(os.urandom)
        client = _client(
            f"suite-{plan}-{name.replace('_', '-')}",
            suite,
            query,
            auth_method=method,
            secret_hashes=(digest,),
            grants=("authorization_code", "refresh_token"),
            pkce_required=False,
            id_token_alg="RS256",
            **hears if not query else {},
        )
        clients.append(client)
        settings[name] = {"client_id": client.client_id, "client_secret": secret, "scope": " ".join(SCOPES)}
    return settings, clients


def _fapi(plan: str, suite: str) -> Plan:
    settings: dict[str, Any] = {}
    clients = []
    for name, mtls, query in (("client", "mtls", ""), ("client2", "mtls2", QUERY)):
        key, public, private = _key(f"{plan}-{name}")
        client = _client(
            f"suite-{plan}-{name}",
            suite,
            query,
            jwks=json.dumps({"keys": [public]}),
            grants=("authorization_code", "refresh_token"),
            par_required=True,
            **FAPI[plan],
        )
        clients.append(client)
        settings[name] = {
            "client_id": client.client_id,
            "scope": "openid profile offline_access",
            "jwks": {"keys": [private]},
        }
        settings[mtls] = _certificate(key, client.client_id)
    return settings, clients


def _ciba(mode: str, suite: str) -> Plan:
    settings: dict[str, Any] = {}
    clients = []
    for name, mtls in (("client", "mtls"), ("client2", "mtls2")):
        key, public, private = _key(f"ciba-{mode}-{name}")
        client = Client(
            client_id=f"suite-ciba-{mode}-{name}",
            name_zh="一致性测试",
            name_en="Conformance suite",
            profile="fapi2",
            auth_method="private_key_jwt",
            certificate_bound=True,
            jwks=json.dumps({"keys": [public]}),
            grants=(CIBA, "refresh_token"),
            scopes=SCOPES,
            sector="conformance.example",
            ciba_delivery=mode,  # type: ignore[arg-type]  # poll or ping
            ciba_notification_endpoint=f"{suite}/ciba-notification-endpoint" if mode == "ping" else "",
            ciba_request_alg="ES256",
        )
        clients.append(client)
        settings[name] = {
            "client_id": client.client_id,
            "scope": "openid profile offline_access",
            "jwks": {"keys": [private]},
        }
        settings[mtls] = _certificate(key, client.client_id)
    return settings, clients


def _key(kid: str) -> tuple[ec.EllipticCurvePrivateKey, dict[str, Any], dict[str, Any]]:
    """A signing key, and its JWK without and with the private part."""
    key = ec.generate_private_key(ec.SECP256R1())
    about = {"kid": kid, "use": "sig", "alg": "ES256"}
    public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    private: dict[str, Any] = ECAlgorithm.to_jwk(key, as_dict=True)
    return key, public | about, private | about


def _certificate(key: ec.EllipticCurvePrivateKey, name: str) -> dict[str, str]:
    """A certificate by the key itself, for connections (RFC 8705 § 2.2)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"cert": made.public_bytes(serialization.Encoding.PEM).decode(), "key": secret.decode()}


def _browser(issuer: str, suite: str, person: dict[str, Any]) -> list[dict[str, Any]]:
    """How the suite's browser, which runs no script of ours, fills in the pages."""
    log_in = {
        "task": "Log in",
        "optional": True,
        "match": f"{issuer}/login*",
        "commands": [
            ["text", "name", "identifier", person["number"]],
            ["text", "name", "password", person["password"]],
            ["click", "css", "button[type=submit]"],
        ],
    }
    agree = {
        "task": "Agree",
        "optional": True,
        "match": f"{issuer}/consent*",
        "commands": [["click", "css", "button[value=allow]"]],
    }
    done = {
        "task": "Return to the suite",
        "match": f"{suite}/callback*",
        "commands": [["wait", "id", "submission_complete", 10]],
    }
    log_out = {
        "task": "Log out",
        "optional": True,
        "match": f"{issuer}/logout*",
        "commands": [["click", "css", "main button[type=submit]"]],
    }
    logged_out = {
        "task": "Logged out, or refused",
        "optional": True,
        "match": f"{issuer}/logout*",
        "commands": [["wait", "css", "h1", 10, ".*", "update-image-placeholder-optional"]],
    }
    returned = {
        "task": "Return to the suite",
        "optional": True,
        "match": f"{suite}/post_logout_redirect*",
        "commands": [["wait", "id", "submission_complete", 10]],
    }
    return [
        {"match": f"{issuer}/authorize*", "tasks": [log_in, agree, done]},
        {"match": f"{issuer}/logout*", "tasks": [log_out, logged_out, returned]},
    ]
