// The keys of the whole page: Ctrl+Enter generates; Escape closes what is open, else it stops the drawing.

const [GENERATE, STOP] = ["#generate", "#stop"];

// Press Generate for a picture with another seed, or say why it cannot be pressed now.
sana.draw = () => {
  sana.dropSeed?.();
  const button = document.querySelector(GENERATE);
  if (button.disabled) sana.say(words.busy);
  else button.click();
};

const OPEN = "dialog[open], [role=listbox][aria-expanded=true], [role=combobox][aria-expanded=true]";  // close themselves

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;  // the keys are those of an input method
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    event.stopPropagation();  // the prompt field would generate as well
    const button = document.querySelector(GENERATE);
    if (!button.disabled) button.click();
  }
  if (event.key !== "Escape" || document.querySelector(OPEN) || sana.endComparison?.()) return;
  const stop = document.querySelector(STOP);
  if (!stop.disabled) stop.click();
}, true);
