// On a phone the picture is below the button: scroll it into view when drawing begins. (760 px as in page.css.)
watch("value", () => {
  if (props.value?.kind === "begun" && innerWidth <= 760) {
    document.querySelector("#result").scrollIntoView({ behavior: "smooth" });
  }
});

// Say a sentence under the picture.
(window.sana ??= {}).say = (text) => { props.value = { kind: "note", text }; };
