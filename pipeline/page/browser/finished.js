// The finished pictures: each is loaded once, and the visitor may have deleted it.

const known = new Map();  // path -> the promise of { blob, record, settings, address }
const deleted = new Set(window.sanaKept.deleted());  // names of pictures, which the server sends again

async function load(file) {
  const answer = await fetch(file.url);
  if (!answer.ok) throw new Error(words.lost);
  const blob = await answer.blob();
  const record = await sana.recordOf(blob);
  return { blob, record, settings: sana.settingsOf(record), address: URL.createObjectURL(blob) };
}

// Return the name that a picture has after a reload as well: that of its file, in the folder of its request.
function nameOf({ path }) {
  return path.split(/[\\/]/).slice(-2).join("/");
}

sana.finished = {
  pictureOf(file) {
    if (!known.has(file.path)) {
      const loading = load(file);
      loading.catch(() => {});
      known.set(file.path, loading);
    }
    return known.get(file.path);
  },

  // Let go of the loaded pictures whose paths are no longer needed.
  letGo(isNeedless) {
    for (const [path, loading] of known) {
      if (!isNeedless(path)) continue;
      known.delete(path);
      loading.then(({ address }) => URL.revokeObjectURL(address), () => {});
    }
  },

  isDeleted(file) {
    return deleted.has(nameOf(file));
  },

  // Note that a picture is deleted, or no longer.
  noteDeleted(file, is) {
    if (is) deleted.add(nameOf(file));
    else deleted.delete(nameOf(file));
    window.sanaKept.keepDeleted([...deleted]);
  },
};
