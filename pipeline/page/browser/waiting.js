// The prompts that wait, in the order in which they are drawn. `props.value` is that of PageRequests.waiting.

const [head, list] = ["div", "ol"].map((kind) => element.querySelector(kind));
let shown = "";  // the value that is shown, as JSON
let act = null;  // what was pressed last: { number, act }

// Return what was pressed, for the server.
sana.waitingAct = () => JSON.stringify(act);

function button(sign, label, number, kind) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = sign;
  made.title = label;
  made.setAttribute("aria-label", label);
  made.dataset.act = `${number} ${kind}`;
  made.addEventListener("click", () => {
    act = { number, act: kind };
    trigger("input");
  });
  return made;
}

function row({ number, prompt }, place, { length }) {
  const made = document.createElement("li");
  const text = document.createElement("span");
  text.textContent = text.title = prompt;
  text.dir = "auto";
  const [up, down, remove] = [["↑", "up"], ["↓", "down"], ["×", "remove"]].map(([sign, kind]) =>
    button(sign, sana.fill(words[kind], { prompt }), number, kind),
  );
  up.disabled = place === 0;
  down.disabled = place === length - 1;
  made.append(text, up, down, remove);
  return made;
}

watch("value", () => {
  const value = JSON.stringify(props.value);
  if (value === shown) return;  // else a press could fall between two rows
  shown = value;
  const { current, requests } = props.value || { requests: [] };
  const focused = element.contains(document.activeElement) && document.activeElement.dataset.act;
  const count = document.createElement("span");
  count.textContent = sana.fill(words.waiting, { count: requests.length });
  head.replaceChildren(count);
  if (current !== null && current !== undefined) head.append(button(words.skip, words.skip, current, "remove"));
  list.replaceChildren(...requests.map(row));
  if (focused) (element.querySelector(`[data-act="${focused}"]:enabled`) || element.querySelector("button:enabled"))?.focus();
});
