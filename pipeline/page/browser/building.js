// Show the page when Gradio has built it and its fields are filled in; frame.css hides it before: what was typed
// earlier would be overwritten. Loaded in the page's head.
(() => {
  const QUIET = 200;  // milliseconds without a new part; chosen: parts follow each other faster
  const LONGEST = 8000;  // milliseconds; chosen: then it is shown as far as it is
  let timer = 0, isQuiet = false, isFilledIn = false;

  function showIfDone() {
    if (isQuiet && isFilledIn) show();
  }

  function show() {
    observer.disconnect();
    clearTimeout(timer);
    clearTimeout(last);
    document.documentElement.classList.add("built");
    // Gradio could not give the focus to a hidden field.
    if (document.activeElement === document.body) document.querySelector("#prompt textarea")?.focus({ preventScroll: true });
  }

  const observer = new MutationObserver(() => {
    if (!document.querySelector(".gradio-container :is(input, textarea)")) return;
    clearTimeout(timer);
    timer = setTimeout(() => { isQuiet = true; showIfDone(); }, QUIET);
  });
  observer.observe(document, { subtree: true, childList: true });
  const last = setTimeout(show, LONGEST);
  // Called when the server has filled the fields in, or failed to.
  window.sanaFilledIn = () => { isFilledIn = true; showIfDone(); };
})();
