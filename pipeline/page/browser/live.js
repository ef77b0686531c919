// The switch of live drawing. While it is on, the server draws what is typed, after each short rest. A random seed is
// chosen once and held until the picture is drawn in full, by Enter or Generate.

const REST = 150;  // milliseconds without a key; chosen: shorter than between two words
const MOST_SEEDS = 2 ** 32 - 8;  // the last of eight pictures needs a seed, too
const label = element.querySelector("label"), box = element.querySelector("input");
const estimate = document.querySelector("#estimate");
let seed = null;  // held; null for none
let isDrawing = false;
let timer = 0;

function isOffered() {
  return Boolean(estimate.querySelector("[data-live]"));
}

function isOn() {
  const isList = document.querySelector("#list input").checked;
  return box.checked && isOffered() && !isDrawing && !isList;
}

function draw() {
  if (!isOn()) return;
  seed ??= Math.floor(Math.random() * MOST_SEEDS);
  trigger("input");
}

function showSwitch() {
  label.classList.toggle("off", !isOffered());
}

// Return the seed in place of a random one, or null.
sana.heldSeed = () => (box.checked ? seed : null);
sana.dropSeed = () => { seed = null; };

new MutationObserver(showSwitch).observe(estimate, { childList: true, subtree: true });
showSwitch();
box.addEventListener("change", () => {
  seed = null;
  draw();
});
document.addEventListener("input", ({ target }) => {
  if (!target.matches("#prompt textarea") || !isOn()) return;
  clearTimeout(timer);
  timer = setTimeout(draw, REST);
});
addEventListener("sana-status", ({ detail }) => {
  if (detail.isDrawing && !isDrawing) {
    clearTimeout(timer);
    sana.dropSeed();  // it is in the request, and in the seed's field
  }
  isDrawing = detail.isDrawing;
});
