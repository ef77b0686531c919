// The result: the pictures of the last request as tiles, or a single one large, each replaced by its preview meanwhile.
// `props.value` is the value of picture_gallery.py, { pictures, preview, is_new, earlier, columns, labels }, to which this
// adds `selected`. `columns` and `labels`, by path, are those of a grid.

const tiles = element.querySelector(".tiles");
const corner = element.querySelector(".corner");
const handed = new Set();  // paths of the pictures that the history has got
let chosen = null;  // the path that the visitor chose; else the newest picture is
const { pictureOf, letGo, isDeleted, noteDeleted } = sana.finished;

// Return the finished pictures.
function files() {
  return props.value?.pictures || [];
}

function place() {
  const at = files().findIndex(({ path }) => path === chosen);
  return at >= 0 ? at : tiles.children.length - 1;
}

function choose(path) {
  chosen = path;
  props.value = { ...props.value, selected: place() };
  mark();
}

// Mark the chosen tile, and tell the comparison.
function mark() {
  const at = place();
  [...tiles.children].forEach((tile, index) => {
    tile.classList.toggle("selected", index === at);
    const image = tile.querySelector("img");
    if (index === at) image.dataset.testid = "detailed-image";
    else delete image.dataset.testid;
  });
  const file = files()[at];
  corner.hidden = !file;
  if (!file) return;
  const link = corner.querySelector(".download");
  link.download = file.orig_name;
  link.href = file.url;
  pictureOf(file).then((picture) => {
    if (files()[place()] !== file) return;
    link.href = picture.address;
    sana.comparable?.(picture);
  }, () => {});
}

function press(selector) {
  document.querySelector(selector).click();
}

function remove(file) {
  noteDeleted(file, true);
  const before = props.value;
  props.value = { ...before, pictures: files().filter((each) => each !== file) };
  update();
  const forgotten = pictureOf(file).then((picture) => sana.forget?.(picture));
  sana.offerUndo(words.deleted, () => {
    noteDeleted(file, false);
    // The server may have sent more pictures meanwhile, or those of another request.
    if (props.value.pictures.every(({ path }) => before.pictures.some((each) => each.path === path))) props.value = before;
    update();
    forgotten.then((restore) => restore?.());
  });
}

async function share(file) {
  const { blob } = await pictureOf(file);
  await sana.share(blob, file.orig_name);
}

function acts(file) {
  const first = () => choose(file.path);
  return [
    { text: words.use, act: () => { first(); press("#use"); } },
    { text: words.vary, act: () => { first(); press("#vary"); } },
    { text: words.compare, act: () => { first(); return sana.compareChosen(); } },
    { text: words.delete, act: () => remove(file), stays: true },
  ];
}

function items() {
  return files().map((file) => {
    const [use, vary, compare, drop] = acts(file);
    const handOn = { text: words.share, act: () => share(file), stays: true };
    const by = (text, button) => ({ text, act: () => { choose(file.path); press(button); } });
    const mixes = [by(words["vary subtly"], "#vary-subtly"), by(words["vary strongly"], "#vary-strongly")];
    return {
      id: file.path,
      text: tileOf(file.path)?.querySelector("img").alt || file.orig_name,
      blob: async () => (await pictureOf(file)).blob,
      buttons: [use, vary, ...mixes, by(words.change, "#change-this"), compare, ...(sana.canShare ? [handOn] : []), drop],
    };
  });
}

function tileOf(path) {
  return [...tiles.children].find((tile) => tile.dataset.path === path);
}

function enlarge(path) {
  sana.view(items, path, (item) => choose(item.id));
}

function build() {
  const tile = document.createElement("div");
  tile.className = "tile";
  const open = document.createElement("button");
  open.type = "button";
  open.className = "open";
  const image = document.createElement("img");
  open.append(image);
  open.addEventListener("click", () => {
    const path = tile.dataset.path;
    if (!path) return;
    if (sana.isComparing?.()) choose(path);  // the comparison below shows it large
    else enlarge(path);
  });
  const bar = document.createElement("div");
  bar.className = "acts";
  tile.append(open, bar);
  return tile;
}

// Say what a picture shows: its prompt, and of a grid its place there.
function describe(tile, file, prompt) {
  const label = props.value?.labels?.[file.path];
  const text = label ? `${prompt} (${label})` : prompt;
  tile.querySelector("img").alt = text;
  const open = tile.querySelector(".open");
  open.setAttribute("aria-label", sana.fill(words.enlarge, { prompt: text }));
  if (label) open.dataset.label = label;
  else delete open.dataset.label;
}

// Show a file, or the preview, in a tile. What it showed stays until the picture can be painted.
async function fill(tile, file, preview) {
  const [open, image, bar] = [".open", "img", ".acts"].map((selector) => tile.querySelector(selector));
  const path = file?.path || "";
  if (file && tile.dataset.path === path) return;
  tile.dataset.path = path;
  open.disabled = !file;
  bar.replaceChildren();
  if (!file) {
    image.src = preview;
    image.alt = words.preview;
    open.removeAttribute("aria-label");
    delete open.dataset.label;
    return;
  }
  for (const { text, act } of acts(file)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", act);
    bar.append(button);
  }
  describe(tile, file, file.orig_name);
  try {
    const { settings, address } = await pictureOf(file);
    if (tile.dataset.path !== path) return;
    if (settings) describe(tile, file, settings.prompt);
    image.src = address;
  } catch {
    if (tile.dataset.path === path) image.src = file.url;
    sana.say(words.lost);
  }
}

function update() {
  const value = props.value;
  if (!value) return;
  const all = value.pictures || [];
  const pictures = value.is_new ? all.filter((file) => !isDeleted(file)) : all;  // one that is dropped here is asked for
  if (pictures.length < all.length) props.value = { ...value, pictures };
  const count = pictures.length + (value.preview ? 1 : 0);
  while (tiles.children.length > count) tiles.lastChild.remove();
  while (tiles.children.length < count) tiles.append(build());
  tiles.dataset.count = value.columns ? "grid" : count;
  tiles.style.setProperty("--columns", value.columns || "");
  [...tiles.children].forEach((tile, index) => fill(tile, pictures[index], value.preview));
  letGo((path) => !pictures.some((file) => file.path === path) && !isDeleted({ path }));
  if (chosen && !pictures.some(({ path }) => path === chosen)) chosen = null;
  for (const file of value.is_new ? [...(value.earlier || []), ...pictures] : []) {
    if (!handed.has(file.path) && !isDeleted(file)) sana.keep?.(file.orig_name, pictureOf(file));
    handed.add(file.path);
  }
  if (chosen) choose(chosen);  // the server's value does not name it
  else mark();
}

tiles.addEventListener("keydown", (event) => {
  const tile = event.target.closest(".tile");
  const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (event.key === "Delete" && tile.dataset.path) remove(files().find(({ path }) => path === tile.dataset.path));
  const next = by && tiles.children[[...tiles.children].indexOf(tile) + by];
  if (!next || !next.dataset.path) return;
  event.preventDefault();
  choose(next.dataset.path);
  next.querySelector(".open").focus();
});
corner.querySelector(".share").hidden = !sana.canShare;
corner.querySelector(".share").addEventListener("click", () => {
  const file = files()[place()];
  if (file) share(file);
});
corner.querySelector(".fullscreen").addEventListener("click", () => {
  const file = files()[place()];
  if (file) enlarge(file.path);
});
watch("value", update);

// Keep the chosen picture for a comparison, or compare it with the one that was kept.
sana.compareChosen = async () => {
  const file = files()[place()];
  if (!file) {
    sana.say(tiles.children.length ? words.unfinished : words["no picture"]);
    return;
  }
  try {
    sana.compare(await pictureOf(file));
  } catch {
    sana.say(words.lost);
  }
};
