// The prompts of this browser: the up key brings the one before into a prompt field that is empty or as it was brought.

const KEY = "sana-prompts";
const MOST = 100;  // prompts; chosen
const FIELD = "#prompt textarea";
let place = null;  // of the prompt that was brought; null for none
let brought = null;
let own = "";  // what was there before

function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : [];
  } catch {
    return [];  // there is none, it is another program's, or this browser keeps nothing
  }
}

let prompts = read();  // oldest first

// Keep a prompt that is drawn.
sana.keepPrompt = (prompt) => {
  place = null;
  brought = prompt;  // as it is, the up key may replace it
  if (!prompt.trim()) return;
  prompts = [...read().filter((each) => each !== prompt), prompt].slice(-MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(prompts));
  } catch {
    // It is full, or this browser keeps nothing: the prompts last as long as the page.
  }
};

// Fill in the prompt field as if it was typed.
sana.fillPrompt = (text) => {
  const field = document.querySelector(FIELD);
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

function bring(text) {
  brought = text;
  sana.fillPrompt(text);
}

document.addEventListener("keydown", (event) => {
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const field = event.target;
  if (!by || !field.matches?.(FIELD) || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
  if (field.value !== "" && field.value !== brought) return;
  let next = (place ?? prompts.length) + by;
  if (place === null) {
    if (by > 0) return;
    own = field.value;
    if (prompts[next] === own) next -= 1;
  }
  if (next < 0) return;
  event.preventDefault();
  place = next >= prompts.length ? null : next;
  bring(place === null ? own : prompts[place]);
});
