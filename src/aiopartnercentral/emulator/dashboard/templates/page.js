// Keeps the parts of a page marked with data-live up to date. Without this script, pages can be reloaded instead.
"use strict";

const status = document.getElementById("status");
const toggle = document.getElementById("live");
let source = null;
let processed = null;
let isPaused = false;
let isLoading = false;
let isStale = false;

function places(region) {
  const scrolled = [...region.querySelectorAll("[tabindex]")].map((each) => [each.scrollLeft, each.scrollTop]);
  const focused = region.contains(document.activeElement) ? document.activeElement : null;
  const alike = () => [...region.querySelectorAll("a, button, summary, [tabindex]")];
  const name = (each) => each && (each.id || each.getAttribute("href") || each.getAttribute("aria-label"));
  const position = focused ? alike().filter((each) => name(each) === name(focused)).indexOf(focused) : -1;
  return () => {
    [...region.querySelectorAll("[tabindex]")].forEach((each, index) => {
      [each.scrollLeft, each.scrollTop] = scrolled[index] || [0, 0];
    });
    if (focused) {
      const found = alike().filter((each) => name(each) === name(focused));
      (found[position] || found[0] || document.getElementById("main")).focus({ preventScroll: true });
    }
  };
}

// A page that has examined all items is not loaded again, as that would take long.
function isLive() {
  return document.querySelector("#content[data-live]") !== null;
}

async function update(message) {
  if (!isLive()) return;
  if (isLoading) {
    isStale = true;
    return;
  }
  isLoading = true;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const region of document.querySelectorAll("[data-live]")) {
      const latest = page.getElementById(region.id);
      if (latest && latest.innerHTML !== region.innerHTML && getSelection().isCollapsed) {
        const restore = places(region);
        region.replaceChildren(...latest.childNodes);
        region.toggleAttribute("data-live", latest.hasAttribute("data-live"));
        restore();
      }
    }
    prepare();
    if (message) status.textContent = message;
  } catch {
    status.textContent = "The emulator does not respond.";
  }
  isLoading = false;
  if (isStale) {
    isStale = false;
    update("");
  }
}

function listen() {
  if (source || isPaused || document.hidden) return;
  source = new EventSource("/events");
  source.addEventListener("open", () => update(""));
  source.addEventListener("change", (event) => {
    const now = Number(event.data);
    const added = processed === null ? 0 : now - processed;
    processed = now;
    update(added > 0 ? `Updated: ${added} new ${added === 1 ? "request" : "requests"}.` : "Updated.");
  });
  source.addEventListener("error", () => {
    status.textContent = "Connecting to the emulator again.";
  });
}

function stop() {
  if (source) source.close();
  source = null;
}

function prepare() {
  toggle.hidden = !isLive();
  const more = document.querySelector("[data-continue]");
  if (more && !isPaused) setTimeout(() => update(""), 50);
  for (const snippet of document.querySelectorAll(".snippet:not([data-copy])")) {
    snippet.dataset.copy = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${snippet.getAttribute("aria-label")}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(snippet.textContent);
      status.textContent = "Copied.";
    });
    const box = document.createElement("div");
    box.className = "copyable";
    snippet.replaceWith(box);
    box.append(button, snippet);
  }
}

toggle.addEventListener("click", () => {
  isPaused = !isPaused;
  toggle.textContent = isPaused ? "Resume updates" : "Pause updates";
  status.textContent = isPaused ? "Updates are paused." : "Updates continue.";
  if (isPaused) stop();
  else listen();
});
// A browser allows few connections to one host, so a hidden page gives its own back.
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
prepare();
listen();
