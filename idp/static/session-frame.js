// OpenID Connect Session Management 1.0, section 3.2: a hall's page asks whether the login is still the one that
// its session_state was made for. Reads one cookie, which opens nothing; answers only whoever asked.
"use strict";

const STATE = /(?:^|;\s*)(?:__Host-)?manyou-state=([^;]*)/;

async function mixed(words) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words.join(" ")));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function judged(message, origin) {
  const [client, sessionState, more] = typeof message === "string" ? message.split(" ") : [];
  const [mix, salt, rest] = (sessionState ?? "").split(".");
  if (!client || !mix || !salt || more !== undefined || rest !== undefined) return "error";
  const state = STATE.exec(document.cookie)?.[1];
  // A logout replaces the cookie and never removes it. Where there is none, the browser hides it from frames of
  // other sites: "changed" would have the hall ask us in a frame, without cookies again, and log the person out.
  if (state === undefined) return "error";
  return (await mixed([client, origin, state, salt])) === mix ? "unchanged" : "changed";
}

addEventListener("message", async (event) => {
  if (event.source === null || event.source === window) return;
  event.source.postMessage(await judged(event.data, event.origin), event.origin);
});
