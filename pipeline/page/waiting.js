// A waiting person's place, in words: Gradio writes "queue: 2/3 | 4.1s" into its own small field, which page.css hides.

const DELAY = 700;  // ms; who is alone waits for less
const block = document.querySelector("#status");
const line = document.createElement("div");
line.className = "queue";
line.setAttribute("role", "status");
block.append(line);
let timer = 0;

function place() {
  const words = block.querySelector("[data-testid=status-tracker]")?.textContent || "";
  const before = Number(/queue: (\d+)\//.exec(words)?.[1] || 0);  // the one that is drawn, and those that wait before
  if (!before) return "";
  return `In the queue: ${before === 1 ? "one request is" : `${before} requests are`} before yours`;
}

function say() {
  const text = place();
  if (text && !line.textContent) {
    timer ||= setTimeout(() => { timer = 0; line.textContent = place(); }, DELAY);
    return;
  }
  if (!text) {
    clearTimeout(timer);
    timer = 0;
  }
  if (line.textContent !== text) line.textContent = text;
}

new MutationObserver(say).observe(block, { subtree: true, childList: true, characterData: true });
