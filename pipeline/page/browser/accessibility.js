// What Gradio's page lacks, put right whenever Gradio renders it again. Loaded in the page's head.
// - It says that it is in the browser's language, whichever it is in.
// - Each radio button has a name of its own: each would be a tab stop, and arrow keys would do nothing.
// - Text is set from the left, Arabic too.
(() => {
  const root = document.documentElement, { lang, dir } = root;

  function put(element, name, value) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  new MutationObserver(() => {
    put(root, "lang", lang);
    put(root, "dir", dir);
    for (const field of document.querySelectorAll("textarea")) put(field, "dir", "auto");
    for (const group of document.querySelectorAll("fieldset[id]")) {
      for (const radio of group.querySelectorAll("input[type=radio]")) put(radio, "name", group.id);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["lang", "dir", "name"] });
})();
