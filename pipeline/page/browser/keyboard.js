// The keys of the whole page: Ctrl+Enter generates; Escape closes what is open, else it stops the drawing.

const [GENERATE, STOP] = ["#generate", "#stop"];

// Press Generate for a picture with another seed. While one is drawn, it adds to what waits.
sana.draw = () => {
  sana.dropSeed?.();
  document.querySelector(GENERATE).click();
};

const OPEN = "dialog[open], [role=listbox][aria-expanded=true], [role=combobox][aria-expanded=true]";  // close themselves

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;  // the keys are those of an input method
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    event.stopPropagation();  // the prompt field would generate as well
    sana.draw();
  }
  if (event.key !== "Escape" || document.querySelector(OPEN) || sana.endComparison?.()) return;
  const stop = document.querySelector(STOP);
  if (!stop.disabled) stop.click();
}, true);
