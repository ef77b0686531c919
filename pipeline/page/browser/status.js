// On a phone the picture is below the button: scroll it into view when drawing begins. (760 px as in page.css.)
const ENDS = ["done", "stopped", "failed"], REPORTS = ["begun", "queue", "preparation", "encode", "step", "decode"];
let isDrawing = false;  // the first report of a request can be any: Gradio drops those that others follow at once

watch("value", () => {
  const kind = props.value?.kind;
  if (props.value?.token) window.sanaKept.follow(props.value.token);
  if (ENDS.includes(kind)) window.sanaKept.end();
  const begins = !isDrawing && REPORTS.includes(kind), ends = isDrawing && ENDS.includes(kind);
  isDrawing = (isDrawing || begins) && !ends;
  dispatchEvent(new CustomEvent("sana-status", { detail: { status: props.value, isDrawing, ends } }));
  if (begins && innerWidth <= 760) sana.bring("#result");
});

// Say a sentence under the picture.
sana.say = (text) => { props.value = { kind: "note", text }; };

// A lost request is drawn again with its seed, which stands in its field.
element.addEventListener("click", (event) => {
  if (!event.target.closest(".again")) return;
  document.querySelector("#reuse").click();
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector("#generate").click()));
});
