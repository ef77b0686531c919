"""The styles of NVlabs' Sana demo (app/app_sana.py, Apache-2.0): words around a prompt, and words to avoid."""

from dataclasses import dataclass

from .families import Family

PLACE = "{prompt}"


@dataclass(frozen=True)
class Style:
    """A style: `template` holds PLACE, which the prompt replaces; `avoid` goes before the negative prompt."""

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


def find_style(name: str) -> Style:
    """Return the style with this name or label; raise KeyError if there is none."""
    labels = {style.label: style for style in STYLES.values()}
    return labels[name] if name in labels else STYLES[name]


def apply_style(name: str, prompt: str, negative_prompt: str, family: Family) -> tuple[str, str]:
    """Return prompt and negative prompt with a style's words. A family without negative prompts gets no `avoid`."""
    style = find_style(name)
    if not prompt.strip():
        return prompt, negative_prompt  # an empty prompt stays empty, to be refused
    avoid = style.avoid if family.has_negative_prompt else ""
    return style.template.replace(PLACE, prompt), ", ".join(filter(None, (avoid, negative_prompt)))


def split_style(prompt: str, negative_prompt: str, family: Family) -> tuple[str, str, str]:
    """Undo `apply_style`: return style, prompt and negative prompt. A picture records only the combined prompts."""
    for name, style in STYLES.items():
        before, after = style.template.split(PLACE)
        avoid = style.avoid if family.has_negative_prompt else ""
        rest = negative_prompt[len(avoid) :].removeprefix(", ")
        own = prompt[len(before) : len(prompt) - len(after)]
        if name != NO_STYLE and apply_style(name, own, rest, family) == (prompt, negative_prompt):
            return name, own, rest
    return NO_STYLE, prompt, negative_prompt
