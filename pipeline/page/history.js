// The history: this browser's pictures, in its own IndexedDB, so they survive a reload.
// A click hands the PNG to the page as if it were dropped there, which brings back the picture and its settings.

const MOST = 60;  // pictures, beyond which the oldest are deleted; chosen: a few rows of thumbnails
const strip = element.querySelector(".strip");
const note = element.querySelector(".note");
const clear = element.querySelector(".clear");

const database = new Promise((resolve, reject) => {
  const request = indexedDB.open("sana", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("pictures", { autoIncrement: true });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function store(mode, action) {
  const transaction = (await database).transaction("pictures", mode);
  const request = action(transaction.objectStore("pictures"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// Return the settings in the `sana` record of a PNG, or null.
async function settingsOf(blob) {
  const bytes = new DataView(await blob.arrayBuffer());
  for (let at = 8; at + 12 <= bytes.byteLength; at += bytes.getUint32(at) + 12) {
    const length = bytes.getUint32(at);
    const content = new Uint8Array(bytes.buffer, at + 8, Math.min(length, bytes.byteLength - at - 8));
    const text = bytes.getUint32(at + 4) === 0x74455874 && new TextDecoder("latin1").decode(content);  // tEXt
    if (text && text.startsWith("sana\0")) return JSON.parse(text.slice(5)).settings;
  }
  return null;
}

// Hand a file to the page through its file field.
function open(file) {
  const input = document.querySelector("#drop input[type=file]");
  if (!input) return;
  if (document.querySelector("#generate").disabled) {  // the picture being drawn would replace this one
    note.textContent = words.busy;
    return;
  }
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function draw() {
  const pictures = await store("readonly", (pictures) => pictures.getAll());
  strip.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
  strip.replaceChildren(
    ...pictures.reverse().map(({ blob, name, caption }) => {
      const button = document.createElement("button");
      const image = document.createElement("img");
      button.type = "button";
      button.title = caption;  // as text, never as markup: anyone may have written the prompt
      button.setAttribute("aria-label", words.bring.replace("{caption}", () => caption));
      image.src = URL.createObjectURL(blob);
      image.alt = "";
      button.append(image);
      button.addEventListener("click", () => open(new File([blob], name, { type: "image/png" })));
      return button;
    }),
  );
  clear.hidden = !pictures.length;
  note.textContent = pictures.length
    ? words.kept
    : words.empty;
}

window.sanaKeep = async (pictures) => {
  for (const { image } of pictures || []) {
    const blob = await (await fetch(image.url)).blob();
    const settings = await settingsOf(blob);
    if (!settings) continue;
    const facts = { prompt: settings.prompt.slice(0, 200), seed: settings.seed, steps: settings.num_inference_steps };
    const caption = words.caption.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
    await store("readwrite", (pictures) => pictures.add({ blob, name: image.orig_name || "sana.png", caption }));
  }
  const keys = await store("readonly", (pictures) => pictures.getAllKeys());
  for (const key of keys.slice(0, -MOST)) await store("readwrite", (pictures) => pictures.delete(key));
  await draw();
};

clear.addEventListener("click", async () => {
  if (!confirm(words.forget)) return;
  await store("readwrite", (pictures) => pictures.clear());
  await draw();
});

// Accept a dropped PNG anywhere on the page.
const over = (is) => document.querySelector("#drop")?.classList.toggle("over", is);
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  over(true);
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
document.addEventListener("drop", (event) => {
  over(false);
  const file = event.dataTransfer?.files?.[0];
  if (!file || event.target.closest("#drop")) return;
  event.preventDefault();
  open(file);
});

draw().catch(() => { note.textContent = words.none; });
