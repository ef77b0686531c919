// A ZIP file of stored entries, as PKWARE's APPNOTE 6.3 describes it: PNGs do not get smaller.

const MOST_BYTES = 2 ** 32 - 2 ** 24;  // below 4 GB with the headers, beyond which ZIP64 begins
const MOST_FILES = 2 ** 16 - 1;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

function crc32(bytes) {
  let sum = -1;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

// Return numbers as little-endian bytes: [[value, size], ...].
function packed(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return view.buffer;
}

// Return name, or name-2 and so on before its suffix if it is taken already.
function unique(name, taken) {
  const dot = name.lastIndexOf(".");
  for (let count = 1; ; count += 1) {
    const tried = count === 1 ? name : `${name.slice(0, dot)}-${count}${name.slice(dot)}`;
    if (!taken.has(tried)) {
      taken.add(tried);
      return tried;
    }
  }
}

// Return a ZIP of [{ name, blob }] as a Blob; throws a sentence if it would be too large.
sana.zip = async (files) => {
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  if (bytes > MOST_BYTES || files.length > MOST_FILES) throw words["too much"];
  const now = new Date();
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  const [taken, parts, directory] = [new Set(), [], []];
  let offset = 0;
  for (const { name, blob } of files) {
    const text = new TextEncoder().encode(unique(name, taken));
    const sum = crc32(new Uint8Array(await blob.arrayBuffer()));
    // Version 2.0, names in UTF-8 (bit 11), stored (0).
    const same = [[20, 2], [1 << 11, 2], [0, 2], [time, 2], [date, 2], [sum, 4], [blob.size, 4], [blob.size, 4], [text.length, 2], [0, 2]];
    const header = packed([0x04034b50, 4], ...same);
    parts.push(header, text, blob);
    directory.push(packed([0x02014b50, 4], [20, 2], ...same, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), text);
    offset += header.byteLength + text.length + blob.size;
  }
  const length = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const count = files.length;
  const end = packed([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [offset, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
};
