// A client that runs in a browser, by npm oidc-client-ts, which the page has loaded as window.oidc.
// The test calls what stands in `app`.

const { UserManager, WebStorageStateStore, IndexedDbDPoPStore } = window.oidc;
const { authority, clientId, bound } = await (await fetch("/config.json")).json();
const manager = new UserManager({
  authority,
  client_id: clientId,
  redirect_uri: `${location.origin}/app`,
  silent_redirect_uri: `${location.origin}/silent`,
  post_logout_redirect_uri: `${location.origin}/bye`,
  userStore: new WebStorageStateStore({ store: localStorage }),
  automaticSilentRenew: false, // the test says when
  monitorSession: true,
  loadUserInfo: !bound, // it asks as a bearer: with a bound token the page asks itself, see userinfo
  silentRequestTimeoutInSeconds: 8,
  ...(bound && { dpop: { bind_authorization_code: true, store: new IndexedDbDPoPStore() } }),
});
const shown = (user) =>
  user && {
    sub: user.profile.sub,
    access: user.access_token,
    refresh: user.refresh_token ?? null,
    type: user.token_type,
  };

window.app = {
  leaves: [],
  logIn: (scope) => manager.signinRedirect({ scope }),
  user: async () => shown(await manager.getUser()),
  userinfo: async () => {
    const user = await manager.getUser();
    const url = await manager.metadataService.getUserInfoEndpoint();
    const headers = { Authorization: `${user.token_type} ${user.access_token}` };
    if (bound) headers.DPoP = await manager.dpopProof(url, user);
    return (await fetch(url, { headers })).json();
  },
  renew: async () => shown(await manager.signinSilent()),
  logOut: () => manager.signoutRedirect(),
  revoke: () => manager.revokeTokens(),
};
manager.events.addUserSignedOut(() => window.app.leaves.push("signed out elsewhere"));
if (location.pathname === "/app" && location.search) {
  await manager.signinCallback();
  history.replaceState(null, "", "/app");
}
if (location.pathname === "/silent") await manager.signinCallback();
document.documentElement.dataset.ready = "yes";
