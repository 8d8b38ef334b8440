"""The parameter claims, and templates of a verification, made of anything: read, refused, never a fault."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.claims.claims import NAMES
from idp.oauth.claims.claims_request import allowed, asked_for, canonical, read, stored
from idp.oauth.claims.verified_claims import verified_claims
from idp.oauth.errors import InvalidRequest
from idp.people.person import PersonFacts, PersonState
from idp.people.records import EvidenceRow

WORDS = st.sampled_from(
    [
        *sorted(NAMES),
        *(
            "verified_claims",
            "verification",
            "claims",
            "trust_framework",
            "evidence",
            "type",
            "time",
            "acr",
            "sub",
        ),
        *("check_details", "value", "values", "essential", "max_age", "assurance_level", "document_details"),
    ]
)
SOMEBODY = PersonFacts(b"h" * 16, "张三", "350000199001010018", "111", None, 3, PersonState.ENABLED)
EVIDENCE = [
    EvidenceRow(b"h" * 16, level, channel, 1_789_999_999, 0)
    for level, channel in ((1, "registry"), (3, "seen_by_clerk"))
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=9)
JSON = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXTS, inner, max_size=5),
    max_leaves=25,
)
PARTS = st.dictionaries(st.sampled_from(["userinfo", "id_token"]), st.dictionaries(WORDS, JSON, max_size=6))


@given(JSON | PARTS)
def test_what_is_kept_is_read_again_and_all_else_refused(value: Any) -> None:
    try:
        found = read(json.dumps(value), NAMES)
    except InvalidRequest:
        return
    digest, text = canonical(found.wanted)
    assert stored(text) == found.wanted
    assert canonical(stored(text)) == (digest, text)
    shown = frozenset(asked_for(found.wanted, ()))
    assert allowed(found.wanted, (), shown) == found.wanted
    nothing = allowed(found.wanted, (), frozenset())
    assert not nothing.userinfo
    assert not nothing.id_token


@given(JSON, JSON)
def test_no_template_of_a_verification_breaks_anything(verification: Any, want: Any) -> None:
    element = {"verification": verification, "claims": {"name": want, "gender": None}}
    try:
        asked = read(json.dumps({"userinfo": {"verified_claims": element}}), NAMES)
    except InvalidRequest:
        return
    wanted = asked.wanted.userinfo.verified
    found = verified_claims(SOMEBODY, EVIDENCE, wanted, 1_790_000_000)
    assert found is None or found["verification"]["trust_framework"]
    assert json.loads(json.dumps(found)) == found
