// Scroll to a part of the page, smoothly unless the visitor's system asks for little motion.

sana.bring = (selector, block = "start") => {
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  document.querySelector(selector)?.scrollIntoView({ behavior, block });
};
