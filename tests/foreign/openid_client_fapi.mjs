// npm openid-client in its FAPI 2.0 forms against the running demo: private_key_jwt, PAR, DPoP with nonces, and with
// `signing` a signed request (JAR) and a signed response (JARM). Reads {issuer, client, key, dpop, person, back, signing}
// as JSON from standard input (keys are private JWKs); prints what it found as JSON.

import { webcrypto } from "node:crypto";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import * as oauth from "openid-client";
import { loggedIn } from "./form_login.mjs";

globalThis.crypto ??= webcrypto;

const { issuer, client, key, dpop, person, back, signing } = JSON.parse(await text(process.stdin));
const curve = { name: "ECDSA", namedCurve: "P-256" };
const imported = ({ kty, crv, x, y, d }, use) =>
  crypto.subtle.importKey("jwk", d ? { kty, crv, x, y, d } : { kty, crv, x, y }, curve, true, use);
const own = { key: await imported(key, ["sign"]), kid: key.kid };
const config = await oauth.discovery(
  new URL(issuer),
  client,
  {
    authorization_signed_response_alg: "ES256",
    id_token_signed_response_alg: "ES256",
    dpop_bound_access_tokens: true,
  },
  // FAPI 2.0 § 5.3.2.1: the issuer is the only audience
  oauth.PrivateKeyJwt(own, { [oauth.modifyAssertion]: (_, claims) => (claims.aud = issuer) }),
  { execute: [oauth.allowInsecureRequests] }, // the demo is plain HTTP on loopback
);
if (signing) oauth.useJwtResponseMode(config);
const { d: _, ...publicPart } = dpop;
const DPoP = oauth.getDPoPHandle(config, {
  privateKey: await imported(dpop, ["sign"]),
  publicKey: await imported(publicPart, ["verify"]),
});

const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedState = oauth.randomState();
const expectedNonce = oauth.randomNonce();
const asked = {
  redirect_uri: back,
  scope: "openid profile",
  code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
};
const request = signing ? (await oauth.buildAuthorizationUrlWithJAR(config, asked, own)).searchParams : asked;
const url = await oauth.buildAuthorizationUrlWithPAR(config, request, { DPoP });
const cookies = new Map();
const returned = await loggedIn(url, back, person, cookies);
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await oauth.authorizationCodeGrant(config, returned, checks, undefined, { DPoP });
const { sub } = tokens.claims();
const user = await oauth.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
await oauth.fetchUserInfo(config, fresh.access_token, sub, { DPoP });

// answered once: the same request opens nothing more
await assert.rejects(loggedIn(url, back, person, cookies), { message: "400 at /authorize" });

const sent = [...new Set(url.searchParams.keys())].sort();
const got = [...new Set(returned.searchParams.keys())].sort();
console.log(JSON.stringify({ name: user.name, type: tokens.token_type, sent, got }));
