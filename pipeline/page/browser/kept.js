// What outlives a reload: the token of the request being drawn, and what is typed. A tab has its own
// (sessionStorage); a new tab takes over what the browser has kept last (localStorage). Loaded in the page's head.
(() => {
  const REQUEST = "sana-request", FORM = "sana-form";

  // Storage is missing in some private windows, and can be full: the page then works without it.
  const read = (storage, key) => {
    try { return JSON.parse(window[storage].getItem(key)); } catch { return null; }
  };
  const write = (key, value) => {
    for (const storage of ["sessionStorage", "localStorage"]) {
      try { window[storage].setItem(key, JSON.stringify(value)); } catch {}
    }
  };
  const own = (key) => read("sessionStorage", key);
  const latest = (key) => own(key) ?? read("localStorage", key);

  let savesForm = false;  // controls report their first values as changes, before the kept ones are filled in

  window.sanaKept = {
    // Return a new secret token, for a request that begins.
    begin() {
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
    follow(token) { if (own(REQUEST)?.token !== token) write(REQUEST, { token, ended: false }); },
    end() { if (own(REQUEST)) write(REQUEST, { ...own(REQUEST), ended: true }); },
    // Return what was typed, unless the page was opened by another link since.
    form() {
      const mine = own(FORM);
      const kept = mine?.search === location.search ? mine : location.search ? null : latest(FORM);
      return kept ? JSON.stringify(kept.values ?? null) : "";
    },
    beginSaving() { savesForm = true; },
    save(values) { if (savesForm) write(FORM, { search: location.search, values }); },
  };
})();
