// A line at the bottom of the window about what was just done, with a button that undoes it.

const SECONDS = 10;  // chosen: time to read it and to reach the button
let toast = null;
let timer = 0;

sana.offerUndo = (text, undo) => {
  toast?.remove();
  clearTimeout(timer);
  toast = document.createElement("div");
  toast.className = "sana-toast";
  toast.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.undo;
  button.addEventListener("click", () => {
    toast.remove();
    undo();
  });
  toast.append(text, button);
  // All but an open dialog is out of reach.
  (document.querySelector("dialog[open]") || document.body).append(toast);
  timer = setTimeout(() => toast.remove(), SECONDS * 1000);
};
