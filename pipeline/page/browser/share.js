// Hand a picture to what the system shares with. Phones have it, most over HTTPS or on localhost only.

const sample = new File([], "sana.png", { type: "image/png" });
sana.canShare = Boolean(navigator.canShare?.({ files: [sample] }));

sana.share = async (blob, name) => {
  try {
    await navigator.share({ files: [new File([blob], name, { type: "image/png" })] });
  } catch (reason) {
    if (reason?.name !== "AbortError") sana.say(words["not shared"]);  // else the visitor shared nothing
  }
};
