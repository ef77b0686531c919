// The connection to the server, told in place of "Ready". Gradio tries again every two seconds, and loads the page anew
// when the server answers. It tells a lost connection only in a message of its own, by this text in every language, and
// reports no change of a field until then: of the prompt, each is kept here, and the other fields are disabled.
(() => {
  const PAUSE = 2000;  // milliseconds between two tries, as Gradio's
  const LOST = "Connection to the server was lost";
  // Gradio's own, and what presses them; not what works without the server, such as the history.
  const FIELDS = ".gradio-container :is(input, textarea, .gallery-item, .upload-container):not(.html-container *)";
  const BUTTONS = "button:is(.lg, .sm, .reset-button, .label-wrap), .tile .acts button";
  const words = JSON.parse(document.currentScript.dataset.words);

  function tell() {
    const state = document.querySelector("#badge .ready, #badge .busy");
    if (state) {
      state.className = "busy";
      state.textContent = words.offline;
    }
    const prompt = document.querySelector("#prompt textarea");
    prompt?.addEventListener("input", () => window.sanaKept.keepPrompt(prompt.value));
    // Not before Gradio has painted its own state of the fields, which enables some.
    setTimeout(() => {
      for (const control of document.querySelectorAll(`${FIELDS}, ${BUTTONS}`)) control.disabled = control !== prompt;
    });
  }

  new MutationObserver((_, observer) => {
    const messages = [...document.querySelectorAll("[data-testid=toast-text]")];
    const message = messages.find((each) => each.textContent.startsWith(LOST));
    if (!message) return;
    observer.disconnect();
    message.textContent = words.offline;
    tell();
  }).observe(document, { childList: true, subtree: true });

  const answers = () => fetch(location.href, { method: "HEAD", cache: "no-store" }).then(() => true, () => false);

  // A server that ends says so of each event, and Gradio takes that for its failure: wait for the next one here.
  window.sanaConnection = {
    async check() {
      if (await answers()) return;
      tell();
      do await new Promise((wait) => setTimeout(wait, PAUSE)); while (!await answers());
      location.reload();
    },
  };
})();
