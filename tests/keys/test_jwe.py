"""JWE to clients' keys and to ours: another library reads and writes the same; nothing else is taken."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwe as foreign
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

import keys
from keys import DecryptionRefused, Keys, KeySettings, NoEncryptionKey, NotForThisRing
from keys.jwe import ALGORITHMS, ENCODINGS
from store import Durable
from tests.conftest import ManualClock

TEXT = "eyJhbGciOiJub25lIn0.漫游."
EC, RSA = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)
THEIRS = {"EC": EC, "RSA": RSA}


def key_set(*members: Any) -> dict[str, Any]:
    return {"keys": list(members)}


def member(key: Any, **more: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def listed(ours: Keys, alg: str) -> Any:
    """The key that a client finds for an algorithm in our key set."""
    members = json.loads(ours.jwks())["keys"]
    kind = "RSA" if alg.startswith("RSA") else "EC"
    return next(each for each in members if each["use"] == "enc" and each["kty"] == kind)


def encrypted(ours: Keys, text: str = TEXT, *, alg: str = "ECDH-ES", **header: Any) -> str:
    jwk = listed(ours, alg)
    head = {"alg": alg, "enc": "A256GCM", "kid": jwk["kid"]} | header
    allowed = [head["alg"], head["enc"]]
    registry = foreign.JWERegistry(algorithms=allowed, strict_check_header=False)
    key = KeySet.import_key_set({"keys": [jwk]}).keys[0]
    return foreign.encrypt_compact({k: v for k, v in head.items() if v}, text, key, registry=registry)


@pytest.mark.parametrize("enc", ENCODINGS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_client_reads_what_we_encrypt(alg: str, enc: str) -> None:
    key: Any = THEIRS[ALGORITHMS[alg]]
    token = keys.encrypt(TEXT, key_set(member(key, kid="k1", use="enc")), alg, enc)
    found = foreign.decrypt_compact(token, key, algorithms=[alg, enc])
    assert found.plaintext == TEXT.encode()
    assert {name: found.protected[name] for name in ("alg", "enc", "kid", "cty")} == {
        "alg": alg,
        "enc": enc,
        "kid": "k1",
        "cty": "JWT",
    }
    assert token != keys.encrypt(TEXT, key_set(member(key, kid="k1", use="enc")), alg, enc)


@pytest.mark.parametrize("enc", ENCODINGS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_we_read_what_a_client_encrypts(embedded: Keys, alg: str, enc: str) -> None:
    token = encrypted(embedded, alg=alg, enc=enc)
    assert embedded.decrypt(token) == TEXT
    assert embedded.decrypt(token, alg=alg, enc=enc) == TEXT
    others = {"alg": [a for a in ALGORITHMS if a != alg], "enc": [e for e in ENCODINGS if e != enc]}
    for name, values in others.items():
        for other in values:
            with pytest.raises(DecryptionRefused):
                embedded.decrypt(token, **{name: other})


def test_a_replicated_claim_in_the_header_is_ignored(embedded: Keys) -> None:
    assert embedded.decrypt(encrypted(embedded, iss="hall-a", cty="JWT")) == TEXT


@pytest.mark.parametrize(
    "header",
    [
        {"zip": "DEF"},
        {"enc": "A256CBC-HS512"},
        {"enc": "A192GCM"},
        {"alg": "ECDH-ES+A192KW"},
        {"kid": ""},
        {"kid": "unknown"},
    ],
)
def test_what_is_not_listed_is_refused(embedded: Keys, header: dict[str, str]) -> None:
    registry_of_ours = encrypted(embedded)
    assert embedded.decrypt(registry_of_ours) == TEXT
    if "zip" in header:
        jwk = listed(embedded, "ECDH-ES")
        key = ECKey.import_key(jwk)
        protected = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": jwk["kid"], "zip": "DEF"}
        token = foreign.encrypt_compact(protected, "x" * 200_000, key, ["ECDH-ES", "A256GCM", "DEF"])
    else:
        token = encrypted(embedded, **header)
    with pytest.raises(DecryptionRefused):
        embedded.decrypt(token)


@pytest.mark.parametrize("alg", ["dir", "A256KW", "PBES2-HS256+A128KW", "RSA-OAEP", "RSA1_5"])
def test_no_secret_password_or_old_padding(embedded: Keys, alg: str) -> None:
    kid = listed(embedded, "ECDH-ES")["kid"]
    header = {"alg": alg, "enc": "A256GCM", "kid": kid, "p2s": "c2FsdA", "p2c": 2**31 - 1}
    token = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode() + ".AA.AA.AA.AA"
    with pytest.raises(DecryptionRefused):
        embedded.decrypt(token)


def test_a_signing_key_of_ours_opens_nothing(embedded: Keys) -> None:
    signing = next(k for k in json.loads(embedded.jwks())["keys"] if k["use"] == "sig" and k["kty"] == "EC")
    with pytest.raises(DecryptionRefused):
        embedded.decrypt(encrypted(embedded, kid=signing["kid"]))
    with pytest.raises(NotForThisRing):
        embedded.rotate("encryption", "ES256")


def test_the_key_of_another_type_is_refused(embedded: Keys) -> None:
    with pytest.raises(DecryptionRefused):
        embedded.decrypt(encrypted(embedded, kid=listed(embedded, "RSA-OAEP-256")["kid"]))


@pytest.mark.parametrize(
    "text",
    ["", ".", "....", "a.b.c.d.e", "é" * 9 + "....", "e30....", "W10....", "x" * 40_000, "W" * 2000 + "...."],
)
def test_junk_is_refused(embedded: Keys, text: str) -> None:
    with pytest.raises(DecryptionRefused):
        embedded.decrypt(text)


def test_any_change_is_refused(embedded: Keys) -> None:
    token = encrypted(embedded)
    for place in range(0, len(token), 3):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(DecryptionRefused):
            embedded.decrypt(changed)
    kid = listed(embedded, "ECDH-ES")["kid"]
    for epk in (member(ECKey.generate_key("P-384")), {"kty": "EC"}, {"kty": "oct", "k": "AA"}, "x", 1):
        head = json.dumps({"alg": "ECDH-ES", "enc": "A256GCM", "kid": kid, "epk": epk})
        forged = urlsafe_b64encode(head.encode()).rstrip(b"=").decode() + "." + token.partition(".")[2]
        with pytest.raises(DecryptionRefused):
            embedded.decrypt(forged)


def test_what_is_no_text_is_refused(embedded: Keys) -> None:
    jwk = listed(embedded, "ECDH-ES")
    protected = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": jwk["kid"]}
    token = foreign.encrypt_compact(protected, b"\xff\xfe", ECKey.import_key(jwk))
    with pytest.raises(DecryptionRefused):
        embedded.decrypt(token)


def test_the_key_that_its_owner_marked_is_taken() -> None:
    other = ECKey.generate_key("P-384")
    members = [
        member(OctKey.generate_key(256)),
        member(other, kid="signs", use="sig"),
        {"kty": "RSA", "n": "_" * 170, "e": "AQAB", "kid": "weak", "use": "enc"},
        {"kty": "RSA", "n": "_" * 342, "e": "_" * 340, "kid": "slow", "use": "enc"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "broken", "use": "enc"},
        {"kty": "EC", "crv": "secp256k1", "kid": "odd", "use": "enc"},
        member(other, kid="unmarked"),
        member(EC, kid="another", use="enc", alg="ECDH-ES+A128KW"),
        member(EC, kid="marked", use="enc"),
    ]
    token = keys.encrypt(TEXT, key_set(*members), "ECDH-ES", "A128GCM")
    assert foreign.decrypt_compact(token, EC).protected["kid"] == "marked"
    token = keys.encrypt(TEXT, key_set(*members[:7]), "ECDH-ES", "A128GCM", cty="")
    found = foreign.decrypt_compact(token, other).protected
    assert (found["kid"], "cty" in found) == ("unmarked", False)
    with pytest.raises(NoEncryptionKey):
        keys.encrypt(TEXT, key_set(*members), "RSA-OAEP-256", "A128GCM")


@pytest.mark.parametrize("jwks", [{}, {"keys": 1}, {"keys": []}, {"keys": [1, {"kty": "EC"}, {"kty": []}]}])
def test_a_set_without_a_key_is_refused(jwks: Any) -> None:
    with pytest.raises(NoEncryptionKey):
        keys.encrypt(TEXT, jwks, "ECDH-ES", "A128GCM")


@pytest.mark.parametrize(
    ("alg", "enc"), [("dir", "A128GCM"), ("ECDH-ES", "A256CBC-HS512"), ("", ""), ("RSA1_5", "A128GCM")]
)
def test_nothing_is_encrypted_by_what_is_not_listed(alg: str, enc: str) -> None:
    with pytest.raises(NoEncryptionKey):
        keys.encrypt(TEXT, key_set(member(EC), member(RSA)), alg, enc)


def test_keys_rotate_without_one_refused_value(
    settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    ours, worker = (keys.build(settings, durable, clock) for _ in range(2))
    old = encrypted(ours)
    first = listed(ours, "ECDH-ES")["kid"]
    kid = ours.rotate("encryption", "ECDH-ES")
    assert kids(ours) == {first, kid, listed(ours, "RSA-OAEP-256")["kid"]}
    clock.advance(1)
    early = encrypted(ours, kid=kid)
    with pytest.raises(DecryptionRefused):  # it was encrypted to the first key, and names the second
        worker.decrypt(early)
    clock.advance(settings.publish_ahead)
    ours.advance(clock())
    assert kids(ours) == {kid, listed(ours, "RSA-OAEP-256")["kid"]}
    fresh = encrypted(ours)
    for each in (ours, worker):
        assert each.decrypt(old) == TEXT
        assert each.decrypt(fresh) == TEXT
    clock.advance(settings.retire_after)
    ours.advance(clock())
    assert ours.decrypt(fresh) == TEXT
    with pytest.raises(DecryptionRefused):
        ours.decrypt(old)


def kids(ours: Keys) -> set[str]:
    return {each["kid"] for each in json.loads(ours.jwks())["keys"] if each["use"] == "enc"}


def test_our_own_key_set_never_shows_a_private_part(embedded: Keys) -> None:
    for each in json.loads(embedded.jwks())["keys"]:
        assert not {"d", "p", "q", "k"} & each.keys()
        assert each["use"] == ("sig" if each.get("alg") in {"ES256", "RS256", "PS256", "EdDSA"} else "enc")
