// Pictures in the browser's database, each with its facts: { name, record, prompt, caption, bytes, starred, thumbnail }.
// Both are written together or not at all. Nothing is deleted but what a person deletes.

function isPicture(record) {
  return record?.blob instanceof Blob && typeof record.name === "string";
}

function isFacts(record) {
  const texts = ["name", "record", "prompt", "caption", "thumbnail"].every((name) => typeof record?.[name] === "string");
  return texts && record.thumbnail.startsWith("data:image/") && Number.isFinite(record.bytes);
}

async function factsOf(blob, name) {
  const record = await sana.recordOf(blob);
  const settings = sana.settingsOf(record);
  if (!settings) return null;
  const [caption, thumbnail] = [sana.caption(settings), await sana.thumbnail(blob)];
  return { name, record, prompt: settings.prompt, caption, bytes: blob.size, starred: false, thumbnail };
}

function ended(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

class PictureStore {
  constructor(database) {
    this.database = database;
  }

  transaction(mode) {
    const transaction = this.database.transaction(["pictures", "facts"], mode);
    return [transaction, transaction.objectStore("pictures"), transaction.objectStore("facts")];
  }

  // Return { entries, bare }: the facts of all pictures with their key, and the keys of pictures without facts.
  async read() {
    const [, pictures, facts] = this.transaction("readonly");
    const [all, keys, records] = await Promise.all(
      [pictures.getAllKeys(), facts.getAllKeys(), facts.getAll()].map(answered),
    );
    const byKey = new Map(keys.map((key, index) => [key, records[index]]));
    const entries = all.filter((key) => isFacts(byKey.get(key))).map((key) => ({ ...byKey.get(key), key }));
    return { entries, bare: all.filter((key) => !isFacts(byKey.get(key))) };
  }

  // Return { blob, name }, or null if there is none or it is damaged.
  async picture(key) {
    const [, pictures] = this.transaction("readonly");
    const record = await answered(pictures.get(key));
    return isPicture(record) ? record : null;
  }

  // Keep a PNG and return its entry, or null if it holds no record of this program.
  async add(blob, name) {
    const facts = await factsOf(blob, name);
    if (!facts) return null;
    const [transaction, pictures, stored] = this.transaction("readwrite");
    const request = pictures.add({ blob, name });
    request.onsuccess = () => stored.put(facts, request.result);
    await ended(transaction);
    return { ...facts, key: request.result };
  }

  // Make the facts of a picture that has none; return its entry, or null if it cannot be read.
  async describe(key) {
    const record = await this.picture(key);
    const found = record && (await factsOf(record.blob, record.name).catch(() => null));
    return found && this.note({ ...found, key });
  }

  // Write the facts of an entry anew and return it.
  async note({ key, ...facts }) {
    const [transaction, , stored] = this.transaction("readwrite");
    stored.put(facts, key);
    await ended(transaction);
    return { ...facts, key };
  }

  // Delete an entry; return a function that puts it back.
  async remove({ key, ...facts }) {
    const record = await this.picture(key);
    const [transaction, pictures, stored] = this.transaction("readwrite");
    pictures.delete(key);
    stored.delete(key);
    await ended(transaction);
    return async () => {
      const [back, again, noted] = this.transaction("readwrite");
      again.put(record, key);
      noted.put(facts, key);
      await ended(back);
    };
  }

  async clear(keys) {
    const [transaction, pictures, stored] = this.transaction("readwrite");
    for (const key of keys) {
      pictures.delete(key);
      stored.delete(key);
    }
    await ended(transaction);
  }
}

sana.openPictures = async (say) => new PictureStore(await sana.openStore(say));
