// npm openid-client as a hall that registered an encryption key: ID token, userinfo and introspection come
// signed, then encrypted to it.
// Reads {issuer, client, key, person, back} as JSON from standard input; prints what it found as JSON.

import "./webcrypto.mjs";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import * as oauth from "openid-client";
import { loggedIn } from "./form_login.mjs";

const { issuer, client, key: jwk, person, back } = JSON.parse(await text(process.stdin));
const ecdh = { name: "ECDH", namedCurve: "P-256" };
const key = { key: await crypto.subtle.importKey("jwk", jwk, ecdh, false, ["deriveBits"]), kid: jwk.kid, alg: "ECDH-ES" };
const config = await oauth.discovery(
  new URL(issuer),
  client.client_id,
  {
    id_token_signed_response_alg: "EdDSA",
    userinfo_signed_response_alg: "PS256",
    introspection_signed_response_alg: "ES256",
  },
  oauth.ClientSecretBasic(client.client_secret),
  { execute: [oauth.allowInsecureRequests, oauth.enableNonRepudiationChecks] },
);
oauth.enableDecryptingResponses(config, ["A256GCM", "A128CBC-HS256"], key);

const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedNonce = oauth.randomNonce();
const start = oauth.buildAuthorizationUrl(config, {
  redirect_uri: back,
  scope: "openid profile offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  nonce: expectedNonce,
});
const returned = await loggedIn(start, back, person, new Map());
const checks = { pkceCodeVerifier, expectedNonce, idTokenExpected: true };
const tokens = await oauth.authorizationCodeGrant(config, returned, checks);
assert.equal(tokens.id_token.split(".").length, 5);
const { sub } = tokens.claims();
const user = await oauth.fetchUserInfo(config, tokens.access_token, sub);
const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token);
assert.equal(fresh.id_token.split(".").length, 5);
assert.equal(fresh.claims().sub, sub);
const known = await oauth.tokenIntrospection(config, fresh.access_token);
const decrypted = [user, known].map((each) => oauth.getDecryptedResponses(each)?.split(".").length);
console.log(JSON.stringify({ sub, name: user.name, known, decrypted }));
