// The line under the prompt: asked of the server half a second after the last change, never at each key.

const PAUSE = 500;  // milliseconds; chosen: at most twice a second
const FIELD = "#prompt textarea";
let timer = 0;

// Ask for the line of what is in the fields now.
sana.promptChanged = () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const isEmpty = !document.querySelector(FIELD)?.value.trim();
    if (!isEmpty || element.querySelector("p")) trigger("input");
  }, PAUSE);
};

// A model was loaded, perhaps: its tokens can be counted.
sana.modelTold = () => { if (!element.querySelector(".tokens")) sana.promptChanged(); };
