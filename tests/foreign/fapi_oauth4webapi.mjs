// npm oauth4webapi, the same as fapi_openid_client.mjs step by step, each answer validated before the next request.

import "./webcrypto.mjs";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import * as oauth from "oauth4webapi";
import { loggedIn } from "./form_login.mjs";

const { issuer, client_id, key: jwk, signed, person, back } = JSON.parse(await text(process.stdin));
const ecdsa = { name: "ECDSA", namedCurve: "P-256" };
const key = { key: await crypto.subtle.importKey("jwk", jwk, ecdsa, false, ["sign"]), kid: jwk.kid };
const loopback = { [oauth.allowInsecureRequests]: true };
const as = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), { ...loopback, algorithm: "oauth2" }),
);
const client = {
  client_id,
  id_token_signed_response_alg: "ES256",
  authorization_signed_response_alg: "ES256",
  introspection_signed_response_alg: "ES256",
};
const proof = oauth.PrivateKeyJwt(key);
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
const sent = { ...loopback, DPoP };

// a nonce that the server insists on is learned by the first try (RFC 9449 § 8)
async function withNonce(request, process) {
  try {
    return await process(await request());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return process(await request());
  }
}

const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
let asked = new URLSearchParams({
  client_id,
  response_type: "code",
  redirect_uri: back,
  scope: "openid profile offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
  ...(signed && { response_mode: "jwt" }),
});
if (signed) asked = new URLSearchParams({ client_id, request: await oauth.issueRequestObject(as, client, asked, key) });
const pushed = await withNonce(
  () => oauth.pushedAuthorizationRequest(as, client, proof, asked, sent),
  (answer) => oauth.processPushedAuthorizationResponse(as, client, answer),
);

const start = new URL(as.authorization_endpoint);
start.search = new URLSearchParams({ client_id, request_uri: pushed.request_uri });
const returned = await loggedIn(start, back, person);
const given = signed
  ? await oauth.validateJwtAuthResponse(as, client, returned, state, loopback)
  : oauth.validateAuthResponse(as, client, returned, state);

const tokens = await withNonce(
  () => oauth.authorizationCodeGrantRequest(as, client, proof, given, back, verifier, sent),
  (answer) =>
    oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true }),
);
assert.equal(tokens.token_type, "dpop");
const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const user = await withNonce(
  () => oauth.userInfoRequest(as, client, tokens.access_token, sent),
  (answer) => oauth.processUserInfoResponse(as, client, sub, answer),
);
const fresh = await withNonce(
  () => oauth.refreshTokenGrantRequest(as, client, proof, tokens.refresh_token, sent),
  (answer) => oauth.processRefreshTokenResponse(as, client, answer),
);
const answer = await oauth.introspectionRequest(as, client, proof, fresh.access_token, {
  ...loopback,
  requestJwtResponse: true,
});
assert.match(answer.headers.get("content-type"), /^application\/token-introspection\+jwt/);
const known = await oauth.processIntrospectionResponse(as, client, answer);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, proof, fresh.refresh_token ?? tokens.refresh_token, loopback),
);
console.log(JSON.stringify({ sub, name: user.name, known }));
