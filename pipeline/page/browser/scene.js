// A menu and chips that build a scene for the miniature, as a prompt in the field: up to three things, each in a colour, in a place.

const FIELD = "#prompt textarea";
const MOST_THINGS = 3;  // as many as the miniature was shown
let things = [{}], place = "";
let written = "";  // what the chips have put into the field

function prompt() {
  const named = things.filter(({ thing }) => thing).map(({ thing, colour }) => {
    const text = colour ? `${colour} ${thing}` : thing;
    return `${/^[aeiou]/.test(text) ? "an" : "a"} ${text}`;
  });
  return [named.join(" and "), place].filter(Boolean).join(" ");
}

function show() {
  const last = things.at(-1);
  for (const chip of element.querySelectorAll("[data-kind] button")) {
    const { kind } = chip.parentElement.dataset;
    chip.setAttribute("aria-pressed", (kind === "place" ? place : last[kind]) === chip.textContent);
  }
  element.querySelector("select").value = last.thing ?? "";
  element.querySelector(".more").disabled = !last.thing || things.length === MOST_THINGS;
}

function press(kind, text) {
  const before = document.querySelector(FIELD).value;
  if (before !== written) [things, place] = [[{}], ""];  // it was typed, or filled in
  if (before.trim() && before !== written) sana.offerUndo(words.replaced, () => sana.fillPrompt(before));
  const last = things.at(-1);
  if (kind === "place") place = place === text ? "" : text;
  else if (kind === "thing") last.thing = text || undefined;
  else last[kind] = last[kind] === text ? undefined : text;
  written = prompt();
  sana.fillPrompt(written);
  show();
}

element.addEventListener("change", ({ target }) => press("thing", target.value));
element.addEventListener("click", ({ target }) => {
  const kind = target.parentElement?.dataset.kind;
  if (kind) press(kind, target.textContent);
  if (!target.matches(".more")) return;
  things.push({});
  show();
});
