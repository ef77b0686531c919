// The history: this browser's pictures as thumbnails, newest first, to look at, search, star, download and delete.

const AT_ONCE = 60;  // thumbnails, until more are asked for; chosen: a few rows
const [note, tools, search, starred, strip, more] = [".note", ".tools", "input", ".starred", ".strip", ".more"].map(
  (selector) => element.querySelector(selector),
);
let entries = [];  // oldest first, as they are stored
let shown = AT_ONCE;
let problem = "";  // a sentence, in place of the count

function say(sentence) {
  problem = sentence;
  note.textContent = sentence;
}

const opened = sana.openPictures(say);

// Return the entries that the search lets through, newest first.
function found() {
  const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const only = starred.getAttribute("aria-pressed") === "true";
  const matches = (entry) => {
    const prompt = entry.prompt.toLowerCase();
    return (entry.starred || !only) && parts.every((part) => prompt.includes(part));
  };
  return entries.filter(matches).reverse();
}

function item(entry) {
  const hand = (field) => async () => {
    const { blob, name } = (await (await opened).picture(entry.key)) || {};
    if (blob) sana.hand(new File([blob], name, { type: "image/png" }), field);
    else say(words.gone);
    if (innerWidth <= 760) sana.bring("#ask");  // as in page.css
  };
  return {
    id: entry.key,
    text: entry.caption,
    thumbnail: entry.thumbnail,
    blob: async () => (await (await opened).picture(entry.key)).blob,
    buttons: [
      { text: words.use, act: hand("#drop") },
      { text: words.change, act: hand("#start") },
      { text: words.compare, act: () => compare(entry) },
      { text: words.download, act: () => download([entry]), stays: true },
      ...(sana.canShare ? [{ text: words.share, act: () => share(entry), stays: true }] : []),
      { text: words.star, act: () => star(entry), pressed: entry.starred, stays: true },
      { text: words.delete, act: () => removeWithUndo(entry), stays: true },
    ],
  };
}

function items() {
  return found().map(item);
}

function thumbnail(entry) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = entry.caption;
  button.setAttribute("aria-label", sana.fill(words.look, entry));
  button.classList.toggle("star", entry.starred);
  button.dataset.key = entry.key;
  const image = document.createElement("img");
  image.src = entry.thumbnail;
  image.alt = entry.caption;
  button.append(image);
  return button;
}

function draw() {
  const list = found();
  strip.replaceChildren(...list.slice(0, shown).map(thumbnail));
  more.hidden = list.length <= shown;
  tools.hidden = !entries.length;
  const size = entries.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const megabytes = size.toLocaleString(document.documentElement.lang, oneDigit);
  const count = entries.length ? sana.fill(words.kept, { count: entries.length, megabytes }) : words.empty;
  note.textContent = problem || (entries.length && !list.length ? words["nothing found"] : count);
}

async function star(entry) {
  entry.starred = !entry.starred;
  await (await opened).note(entry);
  draw();
}

// Delete an entry; return a function that puts it back.
async function remove(entry) {
  const restore = await (await opened).remove(entry);
  entries = entries.filter((each) => each !== entry);
  problem = "";  // there may be room again
  draw();
  return async () => {
    await restore();
    insert(entry);
    draw();
  };
}

async function removeWithUndo(entry) {
  const restore = await remove(entry);
  sana.offerUndo(words.deleted, restore);
}

async function compare(entry) {
  const record = await (await opened).picture(entry.key);
  if (!record) say(words.gone);
  else sana.compare({ blob: record.blob, record: entry.record, settings: sana.settingsOf(entry.record) });
}

async function share(entry) {
  const { blob, name } = (await (await opened).picture(entry.key)) || {};
  if (blob) await sana.share(blob, name);
  else say(words.gone);
}

async function download(list) {
  const store = await opened;
  const records = (await Promise.all(list.map(({ key }) => store.picture(key)))).filter(Boolean);
  try {
    const [first] = records;
    const file = list.length === 1 ? first : { name: "sana.zip", blob: await sana.zip(records) };
    const link = document.createElement("a");
    link.download = file.name;
    link.href = URL.createObjectURL(file.blob);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);  // chosen: the browser has begun to save it by then
  } catch (reason) {
    say(typeof reason === "string" ? reason : words.gone);
  }
}

function insert(entry) {
  entries = [...entries, entry].sort((one, other) => one.key - other.key);
}

async function load() {
  const store = await opened;
  const { entries: stored, bare } = await store.read();
  entries = stored;
  draw();
  return bare;
}

// Make the thumbnails of pictures that version 1 kept.
async function describe(bare) {
  let unreadable = 0;
  for (const [place, key] of bare.reverse().entries()) {
    const entry = await (await opened).describe(key);
    if (entry) insert(entry);
    else unreadable += 1;
    if (place % 10 === 9 || place === bare.length - 1) draw();  // not after each: it makes all thumbnails anew
  }
  if (unreadable) say(sana.fill(words.unreadable, { count: unreadable }));
}

const loaded = load();
let keeping = loaded;  // one after the other, so that their order is that of the drawing
loaded.then(describe).catch(() => say(words.none));

// Return the entry of a picture. Pictures with the same record and size are the same, byte for byte.
function entryOf({ blob, record }) {
  return entries.find((entry) => entry.bytes === blob.size && entry.record === record);
}

async function keep(name, loading) {
  const picture = await loading.catch(() => null);  // the result says so
  if (!picture || entryOf(picture)) return;  // the server sends a picture again after a reload
  try {
    const entry = await (await opened).add(picture.blob, name);
    if (entry) insert(entry);
    problem = "";
    draw();
  } catch (reason) {
    say(reason?.name === "QuotaExceededError" ? words.full : words["not kept"]);
  }
}

// Keep a picture of the server's; `loading` is the promise of { blob, record }.
sana.keep = (name, loading) => {
  keeping = keeping.then(() => keep(name, loading), () => {});  // rejected: no history is kept
};

// Delete a picture of the server's; return a promise of a function that puts it back.
sana.forget = async (picture) => {
  const entry = entryOf(picture);
  return entry && remove(entry);
};

strip.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) sana.view(items, Number(button.dataset.key));
});
strip.addEventListener("keydown", (event) => {
  const button = event.target.closest("button");
  const sibling = { ArrowLeft: "previousSibling", ArrowRight: "nextSibling" }[event.key];
  if (sibling) button?.[sibling]?.focus();
  if (event.key !== "Delete" || !button) return;
  const place = [...strip.children].indexOf(button);
  removeWithUndo(entries.find(({ key }) => key === Number(button.dataset.key))).then(
    () => (strip.children[place] || strip.lastChild)?.focus(),
  );
});
search.addEventListener("input", () => {
  shown = AT_ONCE;
  draw();
});
starred.addEventListener("click", () => {
  starred.setAttribute("aria-pressed", starred.getAttribute("aria-pressed") !== "true");
  draw();
});
more.addEventListener("click", () => {
  shown += AT_ONCE;
  draw();
});
element.querySelector(".all").addEventListener("click", () => download(found()));
element.querySelector(".clear").addEventListener("click", async () => {
  if (!confirm(words.forget)) return;
  await (await opened).clear(entries.map(({ key }) => key));
  entries = [];
  problem = "";
  draw();
});
