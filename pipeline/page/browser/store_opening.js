// The browser's database of pictures, version 2: `pictures` holds { blob, name } by number, `facts` what is shown of them
// by the same number. Version 1 had only `pictures`; picture_store.js makes the facts of those.

const VERSION = 2;
const NAMES = ["sana", "sana-2"];  // the second where what is found under the first is damaged, or another program's

function isOurs(store) {
  return store.keyPath === null && store.autoIncrement;
}

function open(name, onBlocked) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result: database, transaction } = request;
      if (oldVersion === 0) database.createObjectStore("pictures", { autoIncrement: true });
      const isKnown = database.objectStoreNames.length === 1 && database.objectStoreNames.contains("pictures");
      if (isKnown && isOurs(transaction.objectStore("pictures"))) database.createObjectStore("facts");
      else transaction.abort();  // and so leave it as it was
    };
    request.onblocked = onBlocked;
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      try {
        const transaction = database.transaction(["pictures", "facts"]);
        if (!isOurs(transaction.objectStore("pictures"))) throw new Error("another program's");
        database.onversionchange = () => database.close();
        resolve(database);
      } catch (reason) {
        database.close();
        reject(reason);
      }
    };
  });
}

// Open the database; `say` gets a sentence if something is in the way. Rejects where the browser keeps nothing.
sana.openStore = async (say) => {
  try {
    return await open(NAMES[0], () => say(words["other tab"]));
  } catch {
    const database = await open(NAMES[1], () => say(words["other tab"]));
    say(words.aside);
    return database;
  }
};
