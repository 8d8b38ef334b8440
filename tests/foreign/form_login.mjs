// Logs somebody in by plain HTTP, without a browser: follows redirects, keeps cookies, fills in the forms.
// Ends at the first redirect to the client's own address, which it returns.

const decode = (text) =>
  text.replaceAll("&amp;", "&").replaceAll("&#34;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">");

/** @returns {Promise<URL>} the redirect to `back`, with the code in it */
export async function loggedIn(start, back, person, cookies = new Map()) {
  let url = new URL(start);
  let form;
  for (let step = 0; step < 20; step += 1) {
    const answer = await fetch(url, {
      redirect: "manual",
      method: form ? "POST" : "GET",
      body: form,
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    for (const cookie of cookiesSet(answer.headers)) {
      const [pair] = cookie.split(";");
      const at = pair.indexOf("=");
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const page = await answer.text();
    form = undefined;
    const to = answer.headers.get("location");
    if (to) {
      url = new URL(to, url);
      if (url.href.startsWith(back)) return url;
      continue;
    }
    if (answer.status !== 200) throw new Error(`${answer.status} at ${url.pathname}`);
    const names = [...page.matchAll(/name="([^"]+)"/g)].map((found) => found[1]);
    form = new URLSearchParams({ csrf: decode(page.match(/name="csrf" value="([^"]*)"/)[1]) });
    if (names.includes("decision")) form.set("decision", "allow");
    for (const claim of names.filter((name) => name.startsWith("claim."))) form.set(claim, "yes");
    for (const field of ["identifier", "password", "otp"]) {
      if (names.includes(field)) form.set(field, person[field]);
    }
    const action = page.match(/<form[^>]* action="([^"]*)"/);
    if (action) url = new URL(decode(action[1]), url);
  }
  throw new Error("too many steps");
}

// Debian 12's Node 18 joins them with commas
function cookiesSet(headers) {
  return headers.getSetCookie?.() ?? (headers.get("set-cookie") ?? "").split(/, (?=[^ ;,]+=)/).filter(Boolean);
}
