// npm openid-client registers itself (RFC 7591), with a key of its own, logs in, changes and ends its registration
// (RFC 7592, by fetch: the client has no call for it).
// Reads {issuer, token, person, back} as JSON from standard input; prints what it found as JSON.

import "./webcrypto.mjs";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import * as oauth from "openid-client";
import { loggedIn } from "./form_login.mjs";

const { issuer, token, person, back } = JSON.parse(await text(process.stdin));
const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
const wanted = {
  client_name: "自行登记",
  "client_name#en": "Registers itself",
  redirect_uris: [back],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256",
  id_token_signed_response_alg: "ES256",
  jwks: { keys: [{ kty, crv, x, y, kid: "own", use: "sig", alg: "ES256" }] },
  dpop_bound_access_tokens: true,
  require_pushed_authorization_requests: true,
};
const config = await oauth.dynamicClientRegistration(
  new URL(issuer),
  wanted,
  oauth.PrivateKeyJwt({ key: pair.privateKey, kid: "own" }),
  { initialAccessToken: token, execute: [oauth.allowInsecureRequests] },
);
const registered = config.clientMetadata();
for (const [name, value] of Object.entries(wanted)) assert.deepEqual(registered[name], value, name);

const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair("ES256"));
const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedState = oauth.randomState();
const pushed = await oauth.buildAuthorizationUrlWithPAR(
  config,
  {
    redirect_uri: back,
    scope: "openid profile offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
  },
  { DPoP },
);
const returned = await loggedIn(pushed, back, person);
const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true };
const tokens = await oauth.authorizationCodeGrant(config, returned, checks, undefined, { DPoP });
const user = await oauth.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });

const own = (method, word, body) =>
  fetch(registered.registration_client_uri, {
    method,
    headers: { authorization: `Bearer ${word}`, ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
const { client_id } = registered;
const answer = await own("PUT", registered.registration_access_token, { ...wanted, client_id, client_name: "Another" });
assert.equal(answer.status, 200);
const changed = await answer.json();
assert.equal((await own("GET", registered.registration_access_token)).status, 401); // the old word is over
const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
assert.equal((await own("DELETE", changed.registration_access_token)).status, 204);
await assert.rejects(oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }), { status: 401 });
await assert.rejects(oauth.fetchUserInfo(config, fresh.access_token, tokens.claims().sub, { DPoP }));
console.log(JSON.stringify({ name: user.name, changed: changed.client_name }));
