// On a phone the picture is below the button: scroll it into view when drawing begins. (760 px as in page.css.)
const ENDS = ["done", "stopped", "failed"], REPORTS = ["begun", "queue", "preparation", "restart", "encode", "step", "decode"];
const FIELD = "#prompt textarea";
let isDrawing = false;  // the first report of a request can be any: Gradio drops those that others follow at once

watch("value", () => {
  const { kind, token, waiting } = props.value ?? {};
  if (token) window.sanaKept.follow(token);
  const isEnd = ENDS.includes(kind) && !waiting;  // else the next of a list begins
  if (isEnd) window.sanaKept.end();
  const begins = !isDrawing && REPORTS.includes(kind), ends = isDrawing && isEnd;
  isDrawing = (isDrawing || begins) && !ends;
  dispatchEvent(new CustomEvent("sana-status", { detail: { status: props.value, isDrawing, ends } }));
  if (begins && innerWidth <= 760) sana.bring("#result");
});

// Take the line of the last picture away, since another is asked for. That of one being drawn stays. A press does it at
// once: Gradio's own event comes a moment later.
sana.begin = () => {
  if (isDrawing) return;
  props.value = null;
  window.sanaKept.ask(document.querySelector(FIELD).value);
};
document.addEventListener("click", ({ target }) => { if (target.closest("#generate:enabled")) sana.begin(); }, true);

// Say a sentence under the picture.
sana.say = (text) => { props.value = { kind: "note", text }; };

// A lost request is drawn again with its prompt, and with its seed, which stands in its field. What was typed meanwhile
// is where the up key finds it.
element.addEventListener("click", (event) => {
  if (!event.target.closest(".again")) return;
  const asked = window.sanaKept.asked(), { value } = document.querySelector(FIELD);
  if (typeof asked === "string" && asked !== value) {
    sana.keepPrompt(value);
    sana.fillPrompt(asked);
  }
  document.querySelector("#reuse").click();
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector("#generate").click()));
});
