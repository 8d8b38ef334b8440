// The licence code on the holder's screen: fetch the next one before the one shown is over, draw its path.
// Time is measured on the phone, from how long the server says that the code still lives: its clock may be wrong.
"use strict";

const box = document.querySelector("[data-code]");
if (box) {
  const turn = Number(box.dataset.turn);
  const drawing = box.querySelector("svg");
  const bar = box.querySelector("progress");
  const left = box.querySelector("[data-left]");
  const over = box.querySelector('[data-when="over"]');
  const turning = box.querySelector('[data-when="turning"]');
  let shownAt = performance.now();
  let lives = Number(box.dataset.seconds);
  let fetching = false;

  const age = () => (performance.now() - shownAt) / 1000;

  const draw = (code) => {
    drawing.setAttribute("viewBox", `0 0 ${code.size} ${code.size}`);
    drawing.querySelector(".light").setAttribute("d", `M0 0h${code.size}v${code.size}H0z`);
    drawing.querySelector(".dark").setAttribute("d", code.path);
    drawing.dataset.url = code.url;
    shownAt = performance.now();
    lives = code.seconds;
  };

  const next = async () => {
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(box.dataset.code, { cache: "no-store", redirect: "error" });
      if (answer.status === 401) location.reload();
      if (answer.ok) draw(await answer.json());
    } catch {
      // no network: the code shown ends by itself, and the next second tries again
    } finally {
      fetching = false;
    }
  };

  const tick = () => {
    const passed = age();
    if (passed >= turn && !document.hidden) next();
    const dead = passed >= lives;
    drawing.classList.toggle("over", dead);
    over.hidden = !dead;
    turning.hidden = dead;
    const rest = Math.max(0, Math.ceil(turn - passed));
    bar.value = rest;
    left.textContent = String(rest);
  };

  document.addEventListener("visibilitychange", tick);
  setInterval(tick, 1000);
  tick();
}
