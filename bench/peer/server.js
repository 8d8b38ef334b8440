// The peer: node-oidc-provider, one process, Redis behind it, the algorithms and answers that we give too.
//
//   PORT=9100 REDIS_URL=redis://127.0.0.1:6379/0 node server.js      prints "ready <port>"
//
// POST /bench/codes?count=N answers a JSON list of fresh authorization codes, each with a grant of its own and PKCE
// challenge of CODE_VERIFIER, as if N people had just logged in and agreed. POST /bench/session sets the cookies of one
// who has, for flows through the authorization endpoint.
import { createHash, generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";
import { RedisAdapter, close, ready } from "./redis_adapter.js";

const PORT = Number(process.env.PORT ?? 9100);
const ISSUER = process.env.ISSUER ?? `http://127.0.0.1:${PORT}`;
const CLIENT_ID = process.env.CLIENT_ID ?? "bench";
const CLIENT_SECRET = process.env.CLIENT_SECRET ?? "bench-secret-of-at-least-256-random-bits";
const CODE_VERIFIER = process.env.CODE_VERIFIER ?? "bench-verifier-bench-verifier-bench-verifier";
const REDIRECT_URI = "https://hall.example/callback";
const RESOURCE = "https://api.example";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const es256 = { ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "bench" };

const provider = new Provider(ISSUER, {
  adapter: RedisAdapter,
  jwks: { keys: [es256] },
  cookies: { keys: ["bench"] },
  scopes: ["openid", "offline_access", "read"],
  claims: { openid: ["sub"], profile: ["name", "user_type"] },
  enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
  pkce: { required: () => true },
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 600, // minted in bulk before the exchange is measured
    ClientCredentials: 3600,
    Grant: 14 * 86400,
    IdToken: 3600,
    RefreshToken: 14 * 86400,
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: "张三", user_type: "person" }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => false,
      getResourceServerInfo: () => ({
        scope: "read",
        audience: RESOURCE,
        accessTokenTTL: 3600,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      response_types: ["code"],
      redirect_uris: [REDIRECT_URI],
      id_token_signed_response_alg: "ES256",
      scope: "openid offline_access read",
    },
  ],
});

async function mint(count) {
  const client = await provider.Client.find(CLIENT_ID);
  const codeChallenge = createHash("sha256").update(CODE_VERIFIER).digest("base64url");
  const one = async (_, number) => {
    const accountId = `person-${number}`;
    const grant = new provider.Grant({ accountId, clientId: CLIENT_ID });
    grant.addOIDCScope("openid offline_access");
    return new provider.AuthorizationCode({
      accountId,
      authTime: Math.floor(Date.now() / 1000),
      client,
      codeChallenge,
      codeChallengeMethod: "S256",
      grantId: await grant.save(),
      gty: "authorization_code",
      redirectUri: REDIRECT_URI,
      scope: "openid offline_access",
    }).save();
  };
  return Promise.all(Array.from({ length: count }, one));
}

async function session(ctx) {
  const grant = new provider.Grant({ accountId: "person-0", clientId: CLIENT_ID });
  grant.addOIDCScope("openid offline_access");
  const made = new provider.Session();
  made.loginAccount({ accountId: "person-0", loginTs: Math.floor(Date.now() / 1000) });
  made.ensureClientContainer(CLIENT_ID);
  made.grantIdFor(CLIENT_ID, await grant.save());
  await made.save(14 * 86400);
  ctx.cookies.set(provider.cookieName("session"), made.jti, { httpOnly: true, sameSite: "lax" });
  ctx.body = "";
}

provider.use(async (ctx, next) => {
  if (ctx.method === "POST" && ctx.path === "/bench/session") return session(ctx);
  if (ctx.method === "POST" && ctx.path === "/bench/codes") {
    ctx.body = await mint(Math.min(Number(ctx.query.count ?? 1), 20_000));
    return;
  }
  await next();
});
provider.on("server_error", (_ctx, error) => console.error(error));

await ready();
const server = provider.listen(PORT, "127.0.0.1", () => console.log(`ready ${PORT}`));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server.close(() => close().then(() => process.exit(0)));
    server.closeAllConnections();
  });
}
