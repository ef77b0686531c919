// The connection to the server, told in place of "Ready". Gradio tries again every two seconds, and loads the page anew
// when the server answers. It tells a lost connection only in a message of its own, by this text in every language.
(() => {
  const LOST = "Connection to the server was lost";
  const words = JSON.parse(document.currentScript.dataset.words);

  new MutationObserver((_, observer) => {
    const messages = [...document.querySelectorAll("[data-testid=toast-text]")];
    const message = messages.find((each) => each.textContent.startsWith(LOST));
    if (!message) return;
    observer.disconnect();
    message.textContent = words.offline;
    const state = document.querySelector("#badge .ready, #badge .busy");
    if (state) {
      state.className = "busy";
      state.textContent = words.offline;
    }
    for (const button of document.querySelectorAll("#generate, #stop")) button.disabled = true;
  }).observe(document, { childList: true, subtree: true });
})();
