// A hall by npm express-openid-connect, unchanged: everybody is greeted, /mine is behind the login.
// Reads {issuer, clientID, clientSecret, origin, secret} as JSON from standard input; runs until it is ended.

import { text } from "node:stream/consumers";
import express from "express";
import oidc from "express-openid-connect";

const { issuer, clientID, clientSecret, origin, secret } = JSON.parse(await text(process.stdin));

// what a hall keeps of the logins that the provider has ended: an express-session store, here in memory
class Ended extends Map {
  get(name, done) {
    done(null, super.get(name));
  }
  set(name, value, done) {
    super.set(name, value);
    done?.(null);
  }
  destroy(name, done) {
    super.delete(name);
    done?.(null);
  }
}

const app = express();
app.use(
  oidc.auth({
    issuerBaseURL: issuer,
    baseURL: origin,
    clientID,
    clientSecret,
    secret,
    authRequired: false,
    idpLogout: true,
    idTokenSigningAlg: "ES256",
    clientAuthMethod: "client_secret_basic",
    authorizationParams: { response_type: "code", scope: "openid profile" },
    backchannelLogout: { store: new Ended() },
  }),
);
app.get("/", (request, response) => response.send(request.oidc.user?.sub ?? "stranger"));
app.get("/mine", oidc.requiresAuth(), async (request, response) =>
  response.send((await request.oidc.fetchUserInfo()).name),
);
app.listen(Number(new URL(origin).port), "127.0.0.1");
