// The record in a PNG of this program.

const TEXT = 0x74455874;  // "tEXt"
const PIXELS = 0x49444154;  // "IDAT": the texts are before it

// Return the `sana` record of a PNG as it is written there, or null if there is none.
sana.recordOf = async (blob) => {
  const bytes = new DataView(await blob.arrayBuffer());
  for (let at = 8; at + 12 <= bytes.byteLength; at += bytes.getUint32(at) + 12) {
    const kind = bytes.getUint32(at + 4);
    if (kind === PIXELS) return null;
    if (kind !== TEXT) continue;
    const length = Math.min(bytes.getUint32(at), bytes.byteLength - at - 8);
    const text = new TextDecoder("latin1").decode(new Uint8Array(bytes.buffer, at + 8, length));
    if (text.startsWith("sana\0")) return text.slice(5);
  }
  return null;
};

// Return the settings in a record, or null if there are none; of a sheet those of its first picture, with the axes, `grid`.
sana.settingsOf = (record) => {
  try {
    const { settings, grid } = JSON.parse(record);
    return typeof settings.prompt === "string" ? { ...settings, grid } : null;
  } catch {
    return null;
  }
};

// Return a sentence with {names} replaced by values. As text, never as markup: anyone may have written a prompt.
sana.fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

sana.caption = ({ prompt, seed, num_inference_steps: steps, grid }) => {
  const shown = prompt.slice(0, 200);
  if (!grid) return sana.fill(words.caption, { prompt: shown, seed, steps });
  const axes = Object.entries(grid).map(([name, values]) => `${name}=${values.join(",")}`);
  return `${shown} (${axes.join(" ")})`;
};
