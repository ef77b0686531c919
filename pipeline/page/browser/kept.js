// What outlives a reload: the token of the requests being drawn, what is typed, and the mask that is painted. A tab has
// its own (sessionStorage); a new tab takes over what the browser has kept last (localStorage). Loaded in the page's
// head.
(() => {
  const REQUEST = "sana-request", FORM = "sana-form", LIST = "sana-list", DELETED = "sana-deleted",
    MASK = "sana-mask", ASKED = "sana-asked";
  const MOST_DELETED = 100;  // names; chosen: more than the server keeps pictures to send again

  // Storage is missing in some private windows, and can be full: the page then works without it.
  const read = (storage, key) => {
    try { return JSON.parse(window[storage].getItem(key)); } catch { return null; }
  };
  const set = (storage, key, value) => {
    try { window[storage].setItem(key, JSON.stringify(value)); return true; } catch { return false; }
  };
  // What is typed and the requests go before the mask, which can be large.
  const write = (key, value) => {
    for (const storage of ["sessionStorage", "localStorage"]) {
      if (!set(storage, key, value) && set(storage, MASK, null)) set(storage, key, value);
    }
  };
  const own = (key) => read("sessionStorage", key);
  const latest = (key) => own(key) ?? read("localStorage", key);

  let savesForm = false;  // controls report their first values as changes, before the kept ones are filled in

  window.sanaKept = {
    // Return the secret token for a request: that of the ones before it, if they have not ended.
    begin() {
      const mine = own(REQUEST);
      if (mine?.ended === false) return mine.token;
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      const token = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      write(REQUEST, { token, ended: false });
      return token;
    },
    // Return the token of this tab's request.
    token: () => own(REQUEST)?.token ?? null,
    // Return what the server needs to find the request again.
    request: () => JSON.stringify({ tab: own(REQUEST), browser: read("localStorage", REQUEST) }),
    // Take over a request that the server has found, and note its end.
    follow(token) { if (own(REQUEST)?.token !== token || own(REQUEST).ended) write(REQUEST, { token, ended: false }); },
    end() { if (own(REQUEST)) write(REQUEST, { ...own(REQUEST), ended: true }); },
    // Keep and return the prompt that is being drawn: another may stand in the field when it is lost.
    ask(prompt) { write(ASKED, prompt); },
    asked: () => latest(ASKED),
    // Return what was typed, unless the page was opened by another link since.
    form() {
      const mine = own(FORM);
      const kept = mine?.search === location.search ? mine : location.search ? null : latest(FORM);
      return kept ? JSON.stringify(kept.values ? { ...kept.values, mask: latest(MASK) } : null) : "";
    },
    // Keep what was typed in spite of a new address, which the page has written itself.
    moved() { if (own(FORM)) write(FORM, { ...own(FORM), search: location.search }); },
    // Keep a mask as a data URL, or null, with the hash of its picture.
    keepMask(mask) { write(MASK, mask); },
    // Keep and return whether the field holds a list of prompts.
    keepList(is) { write(LIST, is); },
    isList: () => latest(LIST) === true,
    // Keep and return the names of deleted pictures.
    keepDeleted(names) { write(DELETED, names.slice(-MOST_DELETED)); },
    deleted() { const names = latest(DELETED); return Array.isArray(names) ? names : []; },
    beginSaving() { savesForm = true; },
    // Keep the prompt alone, while Gradio reports no changes.
    keepPrompt(prompt) { write(FORM, { search: location.search, values: { ...own(FORM)?.values, prompt } }); },
    save(values) { if (savesForm) write(FORM, { search: location.search, values }); },
  };
})();
