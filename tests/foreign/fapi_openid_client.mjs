// npm openid-client in its FAPI 2.0 form: PAR, private_key_jwt, DPoP; with `signed` message signing as well:
// signed requests (JAR), signed answers (JARM), signed introspection (RFC 9701).
// Reads {issuer, client_id, key, signed, person, back} as JSON from standard input; prints what it found as JSON.

import "./webcrypto.mjs";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import * as oauth from "openid-client";
import { loggedIn } from "./form_login.mjs";

const { issuer, client_id, key: jwk, signed, person, back } = JSON.parse(await text(process.stdin));
const ecdsa = { name: "ECDSA", namedCurve: "P-256" };
const key = { key: await crypto.subtle.importKey("jwk", jwk, ecdsa, false, ["sign"]), kid: jwk.kid };
const config = await oauth.discovery(
  new URL(issuer),
  client_id,
  {
    id_token_signed_response_alg: "ES256",
    authorization_signed_response_alg: "ES256",
    introspection_signed_response_alg: "ES256",
  },
  oauth.PrivateKeyJwt(key),
  { execute: [oauth.allowInsecureRequests, oauth.enableNonRepudiationChecks] },
);
if (signed) oauth.useJwtResponseMode(config);
const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair("ES256"));

const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedState = oauth.randomState();
const expectedNonce = oauth.randomNonce();
let asked = {
  redirect_uri: back,
  scope: "openid profile offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
};
if (signed) asked = (await oauth.buildAuthorizationUrlWithJAR(config, asked, key)).searchParams;
const pushed = await oauth.buildAuthorizationUrlWithPAR(config, asked, { DPoP });
assert.deepEqual([...pushed.searchParams.keys()].sort(), ["client_id", "request_uri"]);

const cookies = new Map();
const returned = await loggedIn(pushed, back, person, cookies);
assert.equal(returned.searchParams.has("response"), signed);
assert.equal(returned.searchParams.has("code"), !signed);
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await oauth.authorizationCodeGrant(config, returned, checks, undefined, { DPoP });
assert.equal(tokens.token_type, "dpop");
const { sub } = tokens.claims();
const user = await oauth.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
await assert.rejects(oauth.fetchUserInfo(config, tokens.access_token, sub)); // as a bearer

const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
await oauth.fetchUserInfo(config, fresh.access_token, sub, { DPoP });
const known = await oauth.tokenIntrospection(config, fresh.access_token);
const refreshToken = fresh.refresh_token ?? tokens.refresh_token;
assert.equal(refreshToken, tokens.refresh_token); // a confidential client's does not rotate (FAPI 2.0)
await oauth.tokenRevocation(config, refreshToken);
await assert.rejects(oauth.refreshTokenGrant(config, refreshToken, undefined, { DPoP }), { error: "invalid_grant" });

// a pushed request is answered once
await assert.rejects(loggedIn(pushed, back, person, cookies), { message: "400 at /authorize" });
console.log(JSON.stringify({ sub, name: user.name, known }));
