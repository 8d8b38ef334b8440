// npm openid-client against the running demo: log in, userinfo, refresh, introspect, revoke, log out.
// Reads {issuer, client, person, back, left} as JSON from standard input; prints what it found as JSON.

import "./webcrypto.mjs";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import * as oauth from "openid-client";
import { loggedIn } from "./form_login.mjs";

const { issuer, client, person, back, left } = JSON.parse(await text(process.stdin));
const proof = client.client_secret ? oauth.ClientSecretBasic(client.client_secret) : oauth.None();
const config = await oauth.discovery(new URL(issuer), client.client_id, undefined, proof, {
  execute: [oauth.allowInsecureRequests], // the demo is plain HTTP on loopback
});

const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedState = oauth.randomState();
const expectedNonce = oauth.randomNonce();
const cookies = new Map();
const verification = { trust_framework: null, assurance_level: null, time: null };
const claims = JSON.stringify({
  userinfo: { birthdate: null, verified_claims: { verification, claims: { name: null, unknown: null } } },
  id_token: { gender: { essential: true } },
});
const returned = await loggedIn(
  oauth.buildAuthorizationUrl(config, {
    redirect_uri: back,
    scope: "openid profile offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    claims,
  }),
  back,
  person,
  cookies,
);
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await oauth.authorizationCodeGrant(config, returned, checks);
const { sub, acr, amr, gender } = tokens.claims();
const user = await oauth.fetchUserInfo(config, tokens.access_token, sub);

await assert.rejects(oauth.authorizationCodeGrant(config, returned, checks), { error: "invalid_grant" });
// the code's second use undid the first: begin again, the session still stands
const again = await loggedIn(
  oauth.buildAuthorizationUrl(config, {
    redirect_uri: back,
    scope: "openid profile offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
  }),
  back,
  person,
  cookies,
);
const second = await oauth.authorizationCodeGrant(config, again, checks);
const fresh = await oauth.refreshTokenGrant(config, second.refresh_token);
await oauth.fetchUserInfo(config, fresh.access_token, sub);

const known = client.client_secret ? await oauth.tokenIntrospection(config, fresh.access_token) : null;
const refreshToken = fresh.refresh_token ?? second.refresh_token;
await oauth.tokenRevocation(config, refreshToken);
await assert.rejects(oauth.refreshTokenGrant(config, refreshToken), { error: "invalid_grant" });
await assert.rejects(oauth.fetchUserInfo(config, fresh.access_token, sub));
const gone = client.client_secret ? await oauth.tokenIntrospection(config, fresh.access_token) : null;

const farewell = await fetch(
  oauth.buildEndSessionUrl(config, {
    id_token_hint: fresh.id_token ?? second.id_token,
    post_logout_redirect_uri: left,
    state: "bye",
  }),
  { redirect: "manual", headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") } },
);
const out = { status: farewell.status, location: farewell.headers.get("location") };
const { name, birthdate, verified_claims: verified } = user;
console.log(JSON.stringify({ sub, acr, amr, name, gender, birthdate, verified, known, gone, out }));
