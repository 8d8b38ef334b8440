"""A hall logs people in at a provider, and believes nothing that does not prove itself."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from manyou.errors import Forbidden, NotFound, Problem, TooMany, Unavailable
from manyou.hall import (
    ForeignAnswer,
    Hall,
    InvalidIdToken,
    InvalidLogoutToken,
    LoginRefused,
    Pending,
    ProviderUnavailable,
    TokenRefused,
)
from manyou.transports import WsgiAdapter
from tests.manyou.small_provider import ISSUER, SmallProvider

NOW = 1_800_000_000
CLIENT = "hall-a"
REDIRECT = "http://127.0.0.1:8001/callback"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> SmallProvider:
    return SmallProvider(clock, CLIENT, "secret")


@pytest.fixture
def hall(provider: SmallProvider, clock: Clock) -> Hall:
    return Hall(
        ISSUER,
        CLIENT,
        "secret",
        redirect_uri=REDIRECT,
        transport=lambda: WsgiAdapter(provider.app),
        clock=clock,
    )


def paths(provider: SmallProvider) -> list[str]:
    return [path for path, _ in provider.asked]


def begun(hall: Hall, provider: SmallProvider, **asked: Any) -> tuple[Pending, dict[str, str]]:
    url, pending = hall.begin(**asked)
    return pending, provider.agree(url)


def test_nothing_is_fetched_before_the_first_use(hall: Hall, provider: SmallProvider) -> None:
    assert provider.asked == []
    hall.begin()
    hall.begin()
    assert paths(provider) == ["/.well-known/openid-configuration"]


def test_a_login(hall: Hall, provider: SmallProvider) -> None:
    pending, answer = begun(hall, provider)
    login = hall.finish(pending, answer)
    assert login.sub == "s-1"
    assert (login.tokens.access_token, login.tokens.refresh_token) == ("at1", "rt1")
    assert login.tokens.ends == NOW + 600
    assert hall.userinfo(login)["name"] == "林晓梅"
    assert "rt1" not in repr(login)


def test_what_is_asked_for(hall: Hall) -> None:
    detail = {"type": "elicence", "matter": "食品经营许可新办"}
    url, pending = hall.begin(
        resource="urn:x", authorization_details=[detail], max_age=300, prompt="login", scope="openid"
    )
    sent = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert json.loads(sent["authorization_details"]) == [detail]
    assert (sent["resource"], sent["max_age"], sent["prompt"], sent["scope"]) == (
        "urn:x",
        "300",
        "login",
        "openid",
    )
    assert len(pending.verifier) == 43
    assert len({sent["state"], sent["nonce"], pending.verifier}) == 3


@pytest.mark.parametrize(
    ("change", "metadata"),
    [
        ({"state": "other"}, {}),
        ({"state": ""}, {}),
        ({"iss": "https://evil.example"}, {}),
        ({"iss": None}, {}),
        ({"iss": "https://evil.example"}, {"authorization_response_iss_parameter_supported": False}),
        ({"code": None}, {}),
    ],
)
def test_a_foreign_answer_is_refused(
    hall: Hall, provider: SmallProvider, change: dict[str, Any], metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    pending, answer = begun(hall, provider)
    changed = {name: value for name, value in {**answer, **change}.items() if value is not None}
    with pytest.raises(ForeignAnswer):
        hall.finish(pending, changed)
    assert "/token" not in paths(provider)


def test_a_refusal_keeps_its_word(hall: Hall, provider: SmallProvider) -> None:
    pending, answer = begun(hall, provider)
    with pytest.raises(LoginRefused) as refused:
        hall.finish(pending, {"state": answer["state"], "iss": ISSUER, "error": "access_denied"})
    assert refused.value.code == "access_denied"
    with pytest.raises(LoginRefused) as strange:
        hall.finish(pending, {"state": answer["state"], "iss": ISSUER, "error": "<b>"})
    assert strange.value.code == "login_refused"


def test_a_code_is_good_once_and_for_its_verifier(hall: Hall, provider: SmallProvider) -> None:
    pending, answer = begun(hall, provider)
    hall.finish(pending, answer)
    with pytest.raises(TokenRefused) as refused:
        hall.finish(pending, answer)
    assert (refused.value.code, refused.value.mend) == ("invalid_grant", "Begin again.")


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "hall-b"},
        {"aud": ["hall-a", "hall-b"]},
        {"azp": "hall-b"},
        {"exp": NOW},
        {"exp": None},
        {"exp": "never"},
        {"iat": NOW + 31},
        {"iat": None},
        {"nonce": "other"},
        {"nonce": None},
        {"at_hash": "AAAA"},
        {"sub": ""},
        {"sub": None},
    ],
)
def test_an_id_token_that_proves_nothing(hall: Hall, provider: SmallProvider, change: dict[str, Any]) -> None:
    provider.change = change
    pending, answer = begun(hall, provider)
    with pytest.raises(InvalidIdToken):
        hall.finish(pending, answer)


@pytest.mark.parametrize(
    "change",
    [{"exp": NOW + 1}, {"iat": NOW + 30}, {"aud": ["hall-a", "hall-b"], "azp": "hall-a"}, {"at_hash": None}],
)
def test_an_id_token_at_its_bounds(hall: Hall, provider: SmallProvider, change: dict[str, Any]) -> None:
    provider.change = change
    pending, answer = begun(hall, provider)
    assert hall.finish(pending, answer).sub == "s-1"


def test_a_login_must_be_as_recent_as_asked(hall: Hall, provider: SmallProvider) -> None:
    for auth_time, good in ((NOW - 330, True), (NOW - 331, False), (None, False)):
        provider.change = {"auth_time": auth_time}
        pending, answer = begun(hall, provider, max_age=300)
        if good:
            hall.finish(pending, answer)
        else:
            with pytest.raises(InvalidIdToken):
                hall.finish(pending, answer)


def test_strangers_kids_have_the_keys_fetched_now_and_then(
    hall: Hall, provider: SmallProvider, clock: Clock
) -> None:
    """Anybody can post to the hall's address for logouts; each would have cost the provider a request."""
    hall.finish(*begun(hall, provider))
    clock.now += 10
    before = [path for path, _ in provider.asked].count("/jwks")
    for number in range(20):
        with pytest.raises(InvalidLogoutToken):
            hall.logged_out(jwt.encode({}, provider.keys["k1"], "ES256", headers={"kid": f"no{number}"}))
    assert [path for path, _ in provider.asked].count("/jwks") == before + 1


def test_a_new_key_is_fetched_a_foreign_one_refused(
    hall: Hall, provider: SmallProvider, clock: Clock
) -> None:
    hall.finish(*begun(hall, provider))
    provider.keys["k2"] = ec.generate_private_key(ec.SECP256R1())
    provider.signing_kid = "k2"
    with pytest.raises(InvalidIdToken):
        hall.finish(*begun(hall, provider))
    provider.published.append("k2")
    clock.now += 10
    assert hall.finish(*begun(hall, provider)).sub == "s-1"
    # signed by k2, said to be by k1
    provider.headers = {"kid": "k1"}
    with pytest.raises(InvalidIdToken):
        hall.finish(*begun(hall, provider))


@pytest.mark.parametrize("headers", [{"crit": ["x"]}, {"alg": "none"}, {"alg": "HS256"}, {"kid": None}])
def test_headers_that_are_not_ours(hall: Hall, provider: SmallProvider, headers: dict[str, Any]) -> None:
    def other(id_token: str) -> str:
        _, body, signature = id_token.split(".")
        header = json.dumps({"alg": "ES256", "kid": "k1", **headers}).encode()
        return f"{urlsafe_b64encode(header).rstrip(b'=').decode()}.{body}.{signature}"

    provider.spoil = other
    with pytest.raises(InvalidIdToken):
        hall.finish(*begun(hall, provider))


def test_an_algorithm_off_the_list_is_refused(provider: SmallProvider, clock: Clock) -> None:
    transport = WsgiAdapter(provider.app)
    hall = Hall(
        ISSUER,
        CLIENT,
        "secret",
        redirect_uri=REDIRECT,
        transport=transport,
        clock=clock,
        algorithms=("PS256",),
    )
    with pytest.raises(InvalidIdToken):
        hall.finish(*begun(hall, provider))


def test_tokens_are_refreshed_and_ended(hall: Hall, provider: SmallProvider, clock: Clock) -> None:
    tokens = hall.finish(*begun(hall, provider)).tokens
    clock.now += 569
    assert tokens.good(clock.now)
    clock.now += 1
    assert not tokens.good(clock.now)
    fresh = hall.refresh(tokens, resource="urn:y")
    assert (fresh.access_token, fresh.refresh_token, fresh.id_token) == ("at2", "rt1", tokens.id_token)
    assert provider.asked[-1][1]["resource"] == "urn:y"
    assert hall.introspect("at1") == {"active": True}
    assert hall.introspect("at2") == {"active": False}
    hall.revoke("rt1")
    assert provider.asked[-1] == ("/revoke", {"token": "rt1"})


def test_the_halls_own_token_is_kept_until_it_ends(hall: Hall, provider: SmallProvider, clock: Clock) -> None:
    first = hall.client_token(scope="issue", resource="urn:x")
    assert hall.client_token(scope="issue", resource="urn:x") == first
    assert hall.client_token(scope="check", resource="urn:x") != first
    clock.now += 570
    assert hall.client_token(scope="issue", resource="urn:x") != first
    assert provider.asked[-1][1] == {
        "grant_type": "client_credentials",
        "scope": "issue",
        "resource": "urn:x",
    }


def test_logout_names_the_client_and_the_way_back(hall: Hall) -> None:
    url = hall.logout_url(id_token="a.b.c", back="http://127.0.0.1:8001/", state="s")
    sent = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{ISSUER}/logout?")
    assert sent == {
        "client_id": [CLIENT],
        "id_token_hint": ["a.b.c"],
        "post_logout_redirect_uri": ["http://127.0.0.1:8001/"],
        "state": ["s"],
    }


@pytest.mark.parametrize(
    "answer", [(200, "<html>"), (200, []), (200, {"issuer": "https://evil.example"}), (302, ""), (500, "x")]
)
def test_a_discovery_that_is_none(hall: Hall, provider: SmallProvider, answer: tuple[int, Any]) -> None:
    provider.answers["/.well-known/openid-configuration"] = answer
    with pytest.raises(ProviderUnavailable):
        hall.begin()
    del provider.answers["/.well-known/openid-configuration"]
    hall.begin()


def test_userinfo_about_somebody_else(hall: Hall, provider: SmallProvider) -> None:
    login = hall.finish(*begun(hall, provider))
    provider.answers["/userinfo"] = (200, {"sub": "s-2"})
    with pytest.raises(ProviderUnavailable):
        hall.userinfo(login)


@pytest.mark.parametrize("issuer", ["http://login.example", "ftp://localhost", "login.example", ""])
def test_an_issuer_in_the_clear_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Hall(issuer, CLIENT)


def test_a_provider_that_is_not_there() -> None:
    with pytest.raises(ProviderUnavailable):
        Hall("http://127.0.0.1:9", CLIENT).begin()


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (403, {"code": "use_not_granted", "mend": "Apply."}, Forbidden, "use_not_granted"),
        (404, {"code": "no_such_licence"}, NotFound, "no_such_licence"),
        (429, {"code": "too_many"}, TooMany, "too_many"),
        (503, {"code": "source_down"}, Unavailable, "source_down"),
        (502, "<html>", ProviderUnavailable, "provider_unavailable"),
        (200, "<html>", ProviderUnavailable, "provider_unavailable"),
        (418, {"code": "teapot"}, Problem, "teapot"),
    ],
)
def test_refusals_of_the_library_come_out_by_code(
    hall: Hall, provider: SmallProvider, status: int, body: Any, kind: type[Problem], code: str
) -> None:
    provider.answers["/elicence/v1/uses"] = (status, body)
    with pytest.raises(kind) as refused:
        hall.licences.use("at1", matter="m", purpose="p", business_number="b")
    assert refused.value.code == code
    if isinstance(body, dict) and "mend" in body:
        assert refused.value.mend == body["mend"]


@pytest.mark.parametrize("identifier", ["../../token", "a/b", "..", ".", "", "a?b=c", "a#b", "%2e%2e"])
def test_paths_of_the_library_stay_below_it(hall: Hall, provider: SmallProvider, identifier: str) -> None:
    with pytest.raises(Problem):
        hall.licences.file_licence("at1", identifier)
    assert paths(provider) in ([], [f"/elicence/v1/file/{identifier}"])


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        (None, "/"),
        ("", "/"),
        ("http://127.0.0.1:8001/case/7?tab=2", "/case/7?tab=2"),
        ("http://127.0.0.1:8001/case#part", "/case"),
        ("http://127.0.0.1:8001", "/"),
        ("https://127.0.0.1:8001/case", "/"),
        ("http://127.0.0.1:8002/case", "/"),
        ("http://127.0.0.1:8001@evil.example/case", "/"),
        ("http://127.0.0.1:8001//evil.example/", "/"),
        ("http://127.0.0.1:8001/\\evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/case", "/"),
        ("javascript:alert(1)", "/"),
        ("http://[", "/"),
    ],
)
def test_a_login_that_another_begins_leads_to_a_page_of_the_hall(
    hall: Hall, target: str | None, leads: str
) -> None:
    asked = {
        "iss": ISSUER,
        "login_hint": "someone",
        "prompt": "none",
        "redirect_uri": "https://evil.example/",
    }
    if target is not None:
        asked["target_link_uri"] = target
    assert hall.initiated(asked, "http://127.0.0.1:8001/") == (leads, {"login_hint": "someone"})


@pytest.mark.parametrize("issuer", [None, "", ISSUER + "/", "https://evil.example"])
def test_only_the_halls_own_provider_is_led_to(hall: Hall, issuer: str | None) -> None:
    with pytest.raises(ForeignAnswer):
        hall.initiated({"iss": issuer} if issuer is not None else {}, "http://127.0.0.1:8001")
