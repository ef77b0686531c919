// Two pictures, one laid over the other, with a slider between them. A picture here is { blob, record, settings }.

const area = element.querySelector("#comparison");
const sheet = area.querySelector(".sheet");
const slider = area.querySelector("input");
const captions = area.querySelectorAll(".captions span");
let first = null;  // kept for comparison
let second = null;

function isSame(one, other) {
  return one.record === other.record && one.blob.size === other.blob.size;
}

function caption({ settings }) {
  if (!settings) return "";
  if (settings.grid) return sana.caption(settings);
  const { num_inference_steps: steps, guidance_scale: guidance, seed, width, height } = settings;
  return sana.fill(words.settings, { steps, guidance, seed, width, height });
}

function image({ blob, settings }) {
  const made = document.createElement("img");
  made.alt = settings?.prompt || words.comparison;
  made.src = URL.createObjectURL(blob);
  return made;
}

function clear() {
  sheet.querySelectorAll("img").forEach((each) => {
    URL.revokeObjectURL(each.src);
    each.remove();
  });
}

function show() {
  clear();
  sheet.prepend(image(second), image(first));
  [first, second].forEach((picture, index) => { captions[index].textContent = caption(picture); });
  if (second.settings) sheet.style.aspectRatio = `${second.settings.width} / ${second.settings.height}`;
  if (!area.hidden) return;
  area.hidden = false;
  slide();
  sana.bring("#comparison", "nearest");
}

function slide() {
  sheet.style.setProperty("--at", `${slider.value}%`);
}

// End the comparison; return whether there was one.
sana.endComparison = () => {
  if (!first) return false;
  first = second = null;
  area.hidden = true;
  clear();
  return true;
};
sana.isComparing = () => Boolean(first);

// Keep a picture for comparison, or compare it with the one that was kept.
sana.compare = (picture) => {
  if (!first || isSame(first, picture)) {
    first = picture;
    sana.say(words.pinned);
  } else sana.comparable(picture);
};

// Compare the one that was kept, if there is one, with a picture that was chosen or drawn.
sana.comparable = (picture) => {
  if (!first || isSame(first, picture) || (second && isSame(second, picture))) return;
  second = picture;
  show();
};

slider.addEventListener("input", slide);
area.querySelector(".end").addEventListener("click", sana.endComparison);
