// Pictures handed to the page through its file fields: dropped anywhere, or from the history.

// Hand a file to #drop, which fills its settings in, or to #start, which starts from it.
sana.hand = (file, field) => {
  const input = document.querySelector(`${field} input[type=file]`);
  if (!input) return;
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
};

const over = (is) => document.querySelector("#drop")?.classList.toggle("over", is);
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  over(true);
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
document.addEventListener("drop", (event) => {
  over(false);
  const file = event.dataTransfer?.files?.[0];
  if (!file || event.target.closest("#drop")) return;
  event.preventDefault();
  sana.hand(file, "#drop");
});
