// npm openid-client waits for a person who is elsewhere: by a code to type (RFC 8628), or asked at their own page (CIBA).
// Reads {issuer, client, device, login_hint, binding_message} as JSON from standard input; prints what the person
// needs as one line, and when they have agreed who they are as another.

import "./webcrypto.mjs";
import { text } from "node:stream/consumers";
import * as oauth from "openid-client";

const { issuer, client, device, login_hint, binding_message } = JSON.parse(await text(process.stdin));
const config = await oauth.discovery(
  new URL(issuer),
  client.client_id,
  { id_token_signed_response_alg: "ES256" },
  client.client_secret ? oauth.ClientSecretBasic(client.client_secret) : oauth.None(),
  { execute: [oauth.allowInsecureRequests] }, // the demo is plain HTTP on loopback
);
const scope = "openid profile";
const waiting = device
  ? await oauth.initiateDeviceAuthorization(config, { scope })
  : await oauth.initiateBackchannelAuthentication(config, { scope, login_hint, binding_message });
waiting.interval = 1; // the person of a test is quick; who asks too soon is told to slow down, and does
console.log(JSON.stringify(waiting));
const tokens = device
  ? await oauth.pollDeviceAuthorizationGrant(config, waiting)
  : await oauth.pollBackchannelAuthenticationGrant(config, waiting);
const user = await oauth.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
console.log(JSON.stringify({ name: user.name }));
