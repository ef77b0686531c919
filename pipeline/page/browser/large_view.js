// The large view: one picture of a list over the whole window, and what can be done with it.
// An item is { id, text, thumbnail, blob(), buttons }. A button is { text, act, pressed, stays }; `stays` says that the view
// stays open. The last button deletes.

let dialog = null;
let list = () => [];
let moved = () => {};
let shown = null;  // the item
let address = "";

function button(name, text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function named(name, sign, label, act) {
  const made = button(name, sign, act);
  made.setAttribute("aria-label", label);
  made.title = label;
  return made;
}

function build() {
  dialog = document.createElement("dialog");
  dialog.id = "large-view";
  dialog.tabIndex = -1;
  dialog.setAttribute("aria-label", words.view);
  const image = document.createElement("img");
  const about = document.createElement("div");
  about.className = "about";
  dialog.append(
    image,
    named("previous", "‹", words.previous, () => step(-1)),
    named("next", "›", words.next, () => step(1)),
    named("close", "×", words.close, () => dialog.close()),
    about,
  );
  const [place, caption, buttons] = ["span", "p", "div"].map((kind) => document.createElement(kind));
  [place.className, caption.className, buttons.className] = ["place", "caption", "buttons"];
  caption.dir = "auto";  // of the prompt in it
  about.append(place, caption, buttons);
  dialog.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), Delete: () => run(shown?.buttons.at(-1)) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    URL.revokeObjectURL(address);
    image.removeAttribute("src");
    shown = null;
  });
  document.body.append(dialog);
}

// Act, and show what is left of the list.
async function run(pressed) {
  if (!pressed) return;
  const place = list().findIndex(({ id }) => id === shown.id);
  if (!pressed.stays) dialog.close();
  await pressed.act();
  if (!dialog.open) return;
  const items = list();
  const item = items.find(({ id }) => id === shown.id) || items[Math.min(place, items.length - 1)];
  if (item) show(item);
  else dialog.close();
}

function step(by) {
  const items = list();
  const next = items[items.findIndex(({ id }) => id === shown.id) + by];
  if (next) show(next);
}

async function show(item) {
  const isSame = shown?.id === item.id;
  shown = item;
  const items = list();
  const place = items.findIndex(({ id }) => id === item.id);
  dialog.querySelector(".previous").disabled = place <= 0;
  dialog.querySelector(".next").disabled = place >= items.length - 1;
  dialog.querySelector(".place").textContent =
    items.length > 1 ? sana.fill(words.place, { place: place + 1, count: items.length }) : "";
  dialog.querySelector(".caption").textContent = item.text;
  const bar = dialog.querySelector(".buttons");
  const focused = [...bar.children].indexOf(document.activeElement);
  bar.replaceChildren(
    ...item.buttons.map((each) => {
      const made = button("", each.text, () => run(each));
      if (each.pressed !== undefined) made.setAttribute("aria-pressed", each.pressed);
      return made;
    }),
  );
  if (focused >= 0) bar.children[focused].focus();
  else if (document.activeElement?.disabled || !dialog.contains(document.activeElement)) dialog.focus();
  if (isSame) return;
  moved(item);
  const image = dialog.querySelector("img");
  image.alt = item.text;
  if (item.thumbnail) image.src = item.thumbnail;
  const blob = await item.blob().catch(() => null);
  if (shown !== item) return;
  URL.revokeObjectURL(address);
  if (blob) image.src = address = URL.createObjectURL(blob);
  else dialog.querySelector(".caption").textContent = words.gone;
}

// Open the view at the item with this id. `items` returns the list as it is then; `onMove` hears of each item shown.
sana.view = (items, id, onMove = () => {}) => {
  if (!dialog) build();
  [list, moved] = [items, onMove];
  const item = items().find((each) => each.id === id);
  if (!item) return;
  if (!dialog.open) dialog.showModal();
  show(item);
};
