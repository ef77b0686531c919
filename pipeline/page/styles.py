"""The styles of NVlabs' Sana demo (app/app_sana.py, Apache-2.0): words around a prompt, and what to avoid."""

from dataclasses import dataclass

from ..errors import SettingsError
from ..settings import MAX_PROMPT

PLACE = "{prompt}"


@dataclass(frozen=True)
class Style:
    """`template` has the prompt's place in it; `avoid` is put before the negative prompt."""

    label: str
    template: str = PLACE
    avoid: str = ""


NO_STYLE = "none"
STYLES = {
    NO_STYLE: Style("(No style)"),
    "cinematic": Style(
        "Cinematic",
        "cinematic still {prompt} . emotional, harmonious, vignette, highly detailed, high budget, bokeh, "
        "cinemascope, moody, epic, gorgeous, film grain, grainy",
        "anime, cartoon, graphic, text, painting, crayon, graphite, abstract, glitch, deformed, mutated, ugly, "
        "disfigured",
    ),
    "photographic": Style(
        "Photographic",
        "cinematic photo {prompt} . 35mm photograph, film, bokeh, professional, 4k, highly detailed",
        "drawing, painting, crayon, sketch, graphite, impressionist, noisy, blurry, soft, deformed, ugly",
    ),
    "anime": Style(
        "Anime",
        "anime artwork {prompt} . anime style, key visual, vibrant, studio anime,  highly detailed",
        "photo, deformed, black and white, realism, disfigured, low contrast",
    ),
    "manga": Style(
        "Manga",
        "manga style {prompt} . vibrant, high-energy, detailed, iconic, Japanese comic style",
        "ugly, deformed, noisy, blurry, low contrast, realism, photorealistic, Western comic style",
    ),
    "digital-art": Style(
        "Digital Art",
        "concept art {prompt} . digital artwork, illustrative, painterly, matte painting, highly detailed",
        "photo, photorealistic, realism, ugly",
    ),
    "pixel-art": Style(
        "Pixel art",
        "pixel-art {prompt} . low-res, blocky, pixel art style, 8-bit graphics",
        "sloppy, messy, blurry, noisy, highly detailed, ultra textured, photo, realistic",
    ),
    "fantasy-art": Style(
        "Fantasy art",
        "ethereal fantasy concept art of  {prompt} . magnificent, celestial, ethereal, painterly, epic, majestic, "
        "magical, fantasy art, cover art, dreamy",
        "photographic, realistic, realism, 35mm film, dslr, cropped, frame, text, deformed, glitch, noise, noisy, "
        "off-center, deformed, cross-eyed, closed eyes, bad anatomy, ugly, disfigured, sloppy, duplicate, mutated, "
        "black and white",
    ),
    "neonpunk": Style(
        "Neonpunk",
        "neonpunk style {prompt} . cyberpunk, vaporwave, neon, vibes, vibrant, stunningly beautiful, crisp, detailed, "
        "sleek, ultramodern, magenta highlights, dark purple shadows, high contrast, cinematic, ultra detailed, "
        "intricate, professional",
        "painting, drawing, illustration, glitch, deformed, mutated, cross-eyed, ugly, disfigured",
    ),
    "3d-model": Style(
        "3D Model",
        "professional 3d model {prompt} . octane render, highly detailed, volumetric, dramatic lighting",
        "ugly, deformed, noisy, low poly, blurry, painting",
    ),
}


def find_style(name: object) -> Style:
    """The style of that name or label; raises SettingsError for an unknown one."""
    for key, style in STYLES.items():
        if name in (key, style.label):
            return style
    raise SettingsError(f"There is no style {str(name)[:40]!r}; there are: {', '.join(STYLES)}.")


def apply_style(name: object, prompt: str, negative_prompt: str, family: str) -> tuple[str, str]:
    """Prompt and negative prompt with those of a style; a Sprint model has no negative prompt, so none is added."""
    style = find_style(name)
    if not prompt.strip():
        return prompt, negative_prompt  # still refused as empty
    avoid = "" if family == "sprint" else style.avoid
    return style.template.replace(PLACE, prompt), ", ".join(filter(None, (avoid, negative_prompt)))


def check_style_fits(name: object, prompt: str) -> None:
    """Raises SettingsError where a prompt is too long only with the words of its style."""
    if len(prompt) > MAX_PROMPT:
        label = find_style(name).label
        raise SettingsError(
            f"With the words of the style {label} the prompt has {len(prompt):,} characters, of at most "
            f"{MAX_PROMPT:,}: shorten it, or choose no style."
        )


def split_style(prompt: str, negative_prompt: str, family: str) -> tuple[str, str, str]:
    """The style, prompt and negative prompt that `apply_style` made these of; a picture holds only the whole."""
    for name, style in STYLES.items():
        before, after = style.template.split(PLACE)
        avoid = "" if family == "sprint" else style.avoid
        rest = negative_prompt[len(avoid) :].removeprefix(", ")
        own = prompt[len(before) : len(prompt) - len(after)]
        if name != NO_STYLE and apply_style(name, own, rest, family) == (prompt, negative_prompt):
            return name, own, rest
    return NO_STYLE, prompt, negative_prompt


def describe_style(name: str, family: str) -> str:
    """What a style adds, in words for the page."""
    style = find_style(name)
    if style.template == PLACE:
        return "The prompt goes to the model as it is."
    before, after = (part.strip(" .") for part in style.template.split(PLACE))
    adds = f"Adds “{before}” before and “{after}” after the prompt"
    return (
        f"{adds}; its negative part is left out: Sprint has none."
        if family == "sprint"
        else (f"{adds}; avoids “{style.avoid}”.")
    )
