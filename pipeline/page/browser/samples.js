// The samples where pictures will be: a press draws the prompt of one.

element.addEventListener("click", ({ target }) => {
  const sample = target.closest(".samples button");
  if (!sample) return;
  sana.fillPrompt(sample.dataset.prompt);
  requestAnimationFrame(() => requestAnimationFrame(sana.draw));
});
