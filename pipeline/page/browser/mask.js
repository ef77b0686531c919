// The mask painter: strokes over the given picture, kept in the picture's own pixels, so that any size of the page
// shows them. The mask is drawn from them at the picture's full size when it is asked for: white where painted.
// `props.value` holds the picture to paint on as { picture, sha256, width, height, mask, paints }.

const WIDEST = 1600;  // pixels of the canvas on the page; chosen: as sharp as a phone shows it
const MARKED = 128;  // of 255: from here on a pixel counts as painted, as in generation/given_picture.py
const VISIBLE = 32;  // of 255; chosen: a line thinner than a pixel of the page is seen, the rim of an erased one is not
const KEPT_AFTER = 2000;  // milliseconds without a stroke; chosen: making a large mask's file takes a moment
const COLOUR = "#e11d74";  // over the picture; chosen: rare in pictures
const [image, canvas, tools, note] = ["img", "canvas", ".tools", ".note"].map((name) => element.querySelector(name));
const [paint, brush, eraser, width, undo, clear, file, chosen] = [
  ".paint", ".brush", ".eraser", ".width", ".undo", ".clear", ".file", ".chosen",
].map((name) => element.querySelector(name));
const context = canvas.getContext("2d", { willReadFrequently: true });

let size = null;  // of the picture
let actions = [];  // { erases, width, points } is a stroke, { mask } a mask from elsewhere, { clears } an empty sheet
let given = 0;  // how many of them came with the picture, and cannot be undone
let stroke = null;  // the one being painted
let isPainted = false;
let uploaded = null;  // the record of the mask's file, until something is painted
let edits = 0;
let openings = 0;  // not told from each other by `props.value`, which Gradio copies
let timer = 0;  // until the mask is kept

// Draw lines from point `from` of a stroke on.
function line(target, { erases, width, points }, from = 0) {
  target.globalCompositeOperation = erases ? "destination-out" : "source-over";
  target.lineWidth = width;
  target.lineCap = target.lineJoin = "round";
  target.beginPath();
  target.moveTo(...points[Math.max(from - 1, 0)]);
  for (const point of points.slice(from)) target.lineTo(...point);
  target.stroke();
}

// Draw all actions on a canvas that is `scale` times as large as the picture.
function draw(target, scale, colour) {
  target.setTransform(1, 0, 0, 1, 0, 0);
  target.clearRect(0, 0, target.canvas.width, target.canvas.height);
  target.setTransform(scale, 0, 0, scale, 0, 0);
  target.fillStyle = target.strokeStyle = colour;
  for (const action of actions) {
    if (action.clears) target.clearRect(0, 0, ...size);
    else if (action.points) line(target, action);
    else {
      target.globalCompositeOperation = "source-over";
      target.drawImage(action.mask, 0, 0, ...size);
      target.globalCompositeOperation = "source-in";  // whatever the mask's colour
      target.fillRect(0, 0, ...size);
    }
  }
  target.globalCompositeOperation = "source-over";
}

function holdsPaint(target, least) {
  const { width, height } = target.canvas;
  for (let top = 0; top < height; top += 256) {  // in bands: a large picture's mask takes hundreds of megabytes
    const pixels = target.getImageData(0, top, width, Math.min(256, height - top)).data;
    for (let at = 3; at < pixels.length; at += 4) if (pixels[at] >= least) return true;
  }
  return false;
}

function sheet(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
}

function refresh() {
  if (!size || !canvas.clientWidth) return;
  const shown = Math.min(canvas.clientWidth * devicePixelRatio, WIDEST, size[0]);
  canvas.width = Math.max(1, Math.round(shown));
  canvas.height = Math.max(1, Math.round((shown / size[0]) * size[1]));
  draw(context, canvas.width / size[0], COLOUR);
}

// Return the mask at the picture's full size, white on black, or null if nothing is painted.
function whole() {
  const target = sheet(...size);
  draw(target, 1, "white");
  if (!holdsPaint(target, MARKED)) return null;
  target.setTransform(1, 0, 0, 1, 0, 0);
  target.globalCompositeOperation = "destination-over";
  target.fillStyle = "black";
  target.fillRect(0, 0, ...size);
  return target.canvas;
}

// Keep the mask in the browser, so that a reload does not lose it.
function keep() {
  clearTimeout(timer);
  timer = 0;
  if (size) window.sanaKept.keepMask({ sha256: props.value.sha256, address: whole()?.toDataURL() ?? null });
}

function keepSoon() {
  clearTimeout(timer);
  timer = setTimeout(keep, KEPT_AFTER);
}

// Tell the page once that there is a mask, or none any more.
function changed() {
  keepSoon();
  uploaded = null;
  edits += 1;
  undo.disabled = actions.length <= given;
  const now = actions.length > 0 && holdsPaint(context, VISIBLE);
  clear.disabled = !now;
  if (now !== isPainted) trigger("input", { painted: now });
  isPainted = now;
}

function act(action) {
  actions.push(action);
  refresh();
  changed();
}

function select(erases) {
  brush.setAttribute("aria-pressed", !erases);
  eraser.setAttribute("aria-pressed", erases);
}

function paints(is) {
  paint.setAttribute("aria-expanded", is);
  tools.hidden = !is;
  canvas.classList.toggle("active", is);  // else a finger on the picture scrolls the page
}

// Return a picture's mask with white as opaque and black as clear.
async function maskOf(source) {
  const bitmap = await createImageBitmap(await (await fetch(source)).blob());
  if (bitmap.width !== size[0] || bitmap.height !== size[1]) {
    const sizes = { mask: `${bitmap.width}x${bitmap.height}`, picture: size.join("x") };
    throw words["other size"].replace(/\{(\w+)\}/g, (_, name) => sizes[name]);
  }
  const target = sheet(...size);
  target.drawImage(bitmap, 0, 0);
  for (let top = 0; top < size[1]; top += 256) {
    const band = target.getImageData(0, top, size[0], Math.min(256, size[1] - top));
    const pixels = band.data;
    for (let at = 0; at < pixels.length; at += 4) {
      const grey = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
      pixels[at + 3] = Math.round(grey) >= MARKED ? 255 : 0;
    }
    target.putImageData(band, 0, top);
  }
  return target.canvas;
}

async function open() {
  const [value, now] = [props.value, ++openings];
  actions = [];
  [given, stroke, uploaded, isPainted] = [0, null, null, Boolean(value?.mask)];
  size = value && [value.width, value.height];
  note.textContent = "";
  image.src = value?.picture || "";
  element.querySelector(".sheet").style.aspectRatio = size ? size.join(" / ") : "";
  paints(Boolean(value?.paints));
  if (value) window.sanaKept.keepMask({ sha256: value.sha256, address: value.mask ?? null });
  if (value?.mask) {
    const mask = await maskOf(value.mask).catch(() => null);
    if (now !== openings) return;  // another picture has come meanwhile
    actions = mask ? [{ mask }] : [];
    given = actions.length;
    if (!mask) {
      note.textContent = words.unreadable;
      changed();
    }
  }
  refresh();
  undo.disabled = true;
  clear.disabled = !isPainted;
}

function place({ clientX, clientY }) {
  const box = canvas.getBoundingClientRect();
  return [((clientX - box.left) / box.width) * size[0], ((clientY - box.top) / box.height) * size[1]];
}

canvas.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button || !size) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  const erases = eraser.getAttribute("aria-pressed") === "true" || event.buttons === 32;  // 32: a pen's other end
  stroke = { erases, width: (width.value / 100) * Math.max(...size), points: [place(event)] };
  actions.push(stroke);
  line(context, stroke);
});
canvas.addEventListener("pointermove", (event) => {
  if (!stroke || !event.isPrimary) return;
  const from = stroke.points.length;
  const moves = event.getCoalescedEvents?.() || [];
  stroke.points.push(...(moves.length ? moves : [event]).map(place));
  line(context, stroke, from);
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => {
    if (!stroke || !event.isPrimary) return;
    stroke = null;
    changed();
  });
}
paint.addEventListener("click", () => paints(tools.hidden));
brush.addEventListener("click", () => select(false));
eraser.addEventListener("click", () => select(true));
undo.addEventListener("click", () => {
  if (actions.length > given) actions.pop();
  refresh();
  changed();
});
clear.addEventListener("click", () => act({ clears: true }));
file.addEventListener("click", () => chosen.click());
chosen.addEventListener("change", async () => {
  const source = URL.createObjectURL(chosen.files[0]);
  chosen.value = "";
  note.textContent = "";
  try {
    act({ mask: await maskOf(source) });
  } catch (reason) {
    note.textContent = typeof reason === "string" ? reason : words.unreadable;
  }
  URL.revokeObjectURL(source);
});
new ResizeObserver(refresh).observe(canvas);
addEventListener("pagehide", () => { if (timer) keep(); });
let opening = open();  // ends when a mask that came with the picture is read
watch("value", () => { opening = open(); });

// Return the record of the mask's file, uploaded if it is new, or null if nothing is painted.
window.sanaMask = async () => {
  await opening;
  if (!element.isConnected || !isPainted) return null;
  if (uploaded) return uploaded;
  const [edit, before] = [edits, openings];
  const mask = whole();
  if (!mask) return null;
  const blob = await new Promise((resolve) => mask.toBlob(resolve, "image/png"));
  if (!blob) {
    note.textContent = words["too large"];
    throw new Error(words["too large"]);
  }
  const { path } = await upload(new File([blob], "mask.png", { type: "image/png" }));
  const record = { path, orig_name: "mask.png", meta: { _type: "gradio.FileData" } };
  if (edit === edits && before === openings) uploaded = record;
  return record;
};
