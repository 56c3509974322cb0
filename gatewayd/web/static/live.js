// Keeps the page up to date; without it the page still shows the home as it was when loaded.
"use strict";

const born = new WeakMap();

function age(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

function showAges() {
  const now = performance.now();
  for (const element of document.querySelectorAll("[data-age]")) {
    if (!born.has(element)) born.set(element, now);
    element.textContent = age(Number(element.dataset.age) + (now - born.get(element)) / 1000);
  }
}

// The server escapes every text that comes from outside before it goes into a fragment.
function show(fragments) {
  for (const [id, html] of Object.entries(fragments)) {
    const element = document.getElementById(id);
    if (element) element.innerHTML = html;
  }
  showAges();
}

function tell(text) {
  const live = document.getElementById("live");
  if (live.textContent !== text) live.textContent = text;
}

const source = new EventSource("events");
source.onopen = () => tell("");
source.onerror = () => {
  tell("The connection is lost: these are the last values.");
  // A refused connection is not tried again by the browser itself.
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 30000);
};
source.onmessage = (event) => show(JSON.parse(event.data));

showAges();
setInterval(showAges, 1000);
