// On a phone the picture is below the button: it comes into view when drawing begins.
watch("value", () => {
  if (props.value?.kind === "begun" && innerWidth <= 760) {
    document.querySelector("#result").scrollIntoView({ behavior: "smooth" });
  }
});
