// The bar at the bottom of a phone (phone.css) tells how far the drawing is. The style sheet paints its text: as an element
// it would be read out a second time.

addEventListener("sana-status", ({ detail: { status, isDrawing } }) => {
  const bar = document.querySelector("#go");
  bar.style.setProperty("--share", (isDrawing && status?.share) || 0);
  bar.toggleAttribute("data-told", isDrawing);
  if (isDrawing) bar.dataset.told = status.text;
  // Generate is always within reach there; what it was refused for is told below the prompt.
  if (status?.kind === "failed") sana.bring("#prompt", "nearest");
});
