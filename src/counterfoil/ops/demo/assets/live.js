// Renew the overview in place every two seconds, unless its reader is away, busy or paused it.
"use strict";
const place = document.getElementById("live");
const button = document.getElementById("pause");
let paused = false;

async function renew() {
  if (paused || document.hidden || place.contains(document.activeElement)) return;
  if (!getSelection().isCollapsed) return;
  try {
    const answer = await fetch("/live", { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...fresh.body.childNodes);
    document.body.classList.remove("gone");
  } catch {
    document.body.classList.add("gone");
  }
}

button.hidden = false;
button.addEventListener("click", () => {
  paused = !paused;
  button.textContent = paused ? "Go on" : "Pause";
  button.setAttribute("aria-pressed", String(paused));
});
setInterval(renew, 2000);
