// How far it is and that it is done, for who looks at another tab: in the tab's title and icon and, if asked for, by a
// sound or a notification. The screen of a phone stays awake meanwhile. Browsers allow notifications and this only over
// HTTPS or on localhost, so that elsewhere there is a sound at most.
const KEY = "sana-call", TITLE = document.title;
const choice = element.querySelector("select");
let awake = null, sound = null;

for (const option of choice.options) option.hidden = option.value === "notification" && !("Notification" in window && isSecureContext);
try { choice.value = localStorage.getItem(KEY) || ""; } catch {}
if (choice.selectedOptions[0]?.hidden || choice.selectedIndex < 0) choice.value = "";

choice.addEventListener("change", async () => {
  if (choice.value === "notification" && await Notification.requestPermission() !== "granted") choice.value = "";
  if (choice.value === "sound") ring(0.05);  // browsers allow sounds after a first one that a press has asked for
  try { localStorage.setItem(KEY, choice.value); } catch {}
});

function ring(loudness) {
  sound ??= new AudioContext();
  const tone = sound.createOscillator(), volume = sound.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(loudness, sound.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.6);
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.6);
}

function icon() {
  const link = document.querySelector("link[rel~=icon]") ?? document.head.appendChild(document.createElement("link"));
  link.rel = "icon";
  return link;
}
const plainIcon = document.querySelector("link[rel~=icon]")?.href ?? "";

// Draw a disc that fills clockwise with the share that is done, from 0 to 1.
function drawIcon(share) {
  const side = 32, canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const pen = canvas.getContext("2d"), middle = side / 2, top = -Math.PI / 2;
  pen.fillStyle = "#99d5cf";
  pen.beginPath();
  pen.arc(middle, middle, middle - 1, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = "#0f766e";
  pen.beginPath();
  pen.moveTo(middle, middle);
  pen.arc(middle, middle, middle - 1, top, top + 2 * Math.PI * share);
  pen.fill();
  icon().href = canvas.toDataURL();
}

async function keepAwake(is) {
  if (!is) {
    (await awake)?.release().catch(() => {});
    awake = null;
  } else if (navigator.wakeLock && matchMedia("(pointer: coarse)").matches) {
    awake ??= navigator.wakeLock.request("screen").catch(() => null);
  }
}

addEventListener("sana-status", ({ detail: { status, isDrawing, ends } }) => {
  if (status?.share != null) {
    document.title = `${Math.round(100 * status.share)} % · ${TITLE}`;
    drawIcon(status.share);
  }
  if (isDrawing || ends) keepAwake(isDrawing);
  if (!ends) return;
  document.title = TITLE;
  icon().href = plainIcon;
  if (status.kind === "stopped") return;
  if (choice.value === "sound") ring(0.2);
  if (choice.value === "notification" && document.hidden) {
    const text = status.kind === "done" ? words.done : words.failed;
    const note = new Notification(text, { body: document.querySelector("#prompt textarea")?.value, tag: "sana" });
    note.addEventListener("click", () => { focus(); note.close(); });
  }
});
