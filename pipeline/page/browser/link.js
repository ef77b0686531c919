// Copy a link with this query, and write it into the address bar.
sana.copyLink = async (query) => {
  const link = `${location.origin}${location.pathname}?${query}`;
  history.replaceState(null, "", link);
  window.sanaKept.moved();
  try {
    await navigator.clipboard.writeText(link);
    sana.say(words.copied);
  } catch {
    // Only over HTTPS or on localhost, and not where the browser forbids it: the status names the address bar.
  }
};
