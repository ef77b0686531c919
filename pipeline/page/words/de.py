"""The page in German."""

from collections.abc import Mapping

from ...domain.progress import MACHINE, Progress
from ...domain.updates import (
    DecodeUpdate,
    EncodeUpdate,
    PictureUpdate,
    QueueUpdate,
    RestartUpdate,
    StepUpdate,
    StoppedUpdate,
)
from .de_explore import GermanExplore
from .de_gallery import GermanGallery
from .de_model import GermanModel
from .de_pictures import GermanPictures
from .de_problems import NOUNS, SENTENCES
from .de_prompt import GermanPrompt
from .en import English


class Words(GermanPictures, GermanPrompt, GermanGallery, GermanModel, GermanExplore, English):
    """The words in German."""

    language = "de"

    motto = "Beschreibe ein Bild, und Sana zeichnet es."
    placeholder = "Was möchtest du sehen? (auf Englisch)"
    generate, stop = "Zeichnen", "Stoppen"
    examples = "Zum Ausprobieren"
    pictures = "Bilder"
    reuse_seed = "Letzten Seed nehmen"
    more_settings, about = "Weitere Einstellungen", "Was hier läuft"
    shape = "Format"
    drop = "Einstellungen aus einem Bild: ein hier gezeichnetes PNG ablegen"
    no_style, plain_prompt = "(Kein Stil)", "Der Prompt geht unverändert an das Modell."
    empty_field = "leer"
    ready = "Bereit"

    call = "Wenn es fertig ist:"
    calls: Mapping[str, str] = {"": "nichts tun", "sound": "Ton abspielen", "notification": "benachrichtigen"}
    called: Mapping[str, str] = {"done": "Dein Bild ist fertig", "failed": "Dein Bild konnte nicht gezeichnet werden"}

    live = "Live: Das Bild folgt dem Tippen"
    live_done = "Live: Enter zeichnet es vollständig und behält es."
    live_waits = "Gerade wird etwas anderes gezeichnet: Live wartet."

    painted: Mapping[str, str] = {
        "unfinished": "unfertig",
        "drop": "Lege ein hier gezeichnetes PNG ab, um seine Einstellungen zurückzuholen",
    }

    filled = "Die Einstellungen dieses Bildes sind eingetragen: „Zeichnen“ macht es noch einmal."
    unfinished = (
        "Ein unfertiges Bild enthält keine Einstellungen: Lass eines fertig werden, oder nimm es aus dem Verlauf."
    )
    no_picture = "Noch gibt es kein Bild: Beschreibe eines und drücke „Zeichnen“."
    picture_gone = "Dieses Bild ist nicht mehr auf dem Server: Nimm es aus dem Verlauf."
    linked = "Der Link zu diesen Einstellungen steht in der Adresszeile."
    linked_without_picture = "Der Link steht in der Adresszeile, ohne das Bild, von dem diese Einstellungen ausgehen."
    server_gone = "Die Antwort kam nicht an. Versuche es gleich noch einmal."
    offline = "Keine Verbindung: neuer Versuch läuft"
    lost = "Dieses Bild ist verloren: Das Programm wurde neu gestartet, oder niemand kam rechtzeitig zurück."
    draw_again = "Noch einmal zeichnen"
    picture_again = "Das Ausgangsbild wird noch einmal gebraucht."
    one_moment = "Einen Moment"
    no_free_machine = "Wartet auf einen freien Rechner"
    loaded_when_needed = "Wird beim Zeichnen geladen"
    reading_prompt = "Der Prompt wird gelesen"
    stopping = "Wird gestoppt"

    schedule_hints: Mapping[str, str] = {
        "max_timesteps": "Leer: 1.5708, das ist reines Rauschen",
        "intermediate_timesteps": "Leer: 1.3",
        "timesteps": "Zum Beispiel 1.5708, 1.1, 0.5, 0 für drei Schritte",
        "flow_shift": "Leer: wie trainiert. Höher: mehr Schritte für den Aufbau. Niedriger: mehr für Einzelheiten.",
    }

    labels: Mapping[str, str] = {
        "prompt": "Prompt",
        "negative_prompt": "Negativer Prompt",
        "style": "Stil",
        "width": "Breite",
        "height": "Höhe",
        "num_inference_steps": "Schritte",
        "guidance_scale": "Prompttreue",
        "seed": "Seed",
        "randomize_seed": "Zufälliger Seed",
        "num_images": "Bilder",
        "model": "Modell",
        "use_resolution_binning": "In der nächsten trainierten Größe zeichnen, dann skalieren",
        "draft_decode": "Entwurf: viel schneller, feine Einzelheiten vereinfacht",
        "preset": "Qualität",
        "exact": "Genau",
        "balanced": "Ausgewogen",
        "fastest": "Am schnellsten",
        "image": "Bild",
        "mask_image": "Maske",
        "strength": "Stärke",
        "mask_grow": "Maske vergrößern",
        "mask_blur": "Naht weichzeichnen",
        "mask_invert": "Umkehren: Bemaltes behalten",
        "enlarge": "Vergrößern: nur Einzelheiten werden neu gezeichnet",
        "max_timesteps": "Erste Zeit",
        "intermediate_timesteps": "Zweite Zeit, bei zwei Schritten",
        "timesteps": "Alle Zeiten",
        "flow_shift": "Verschiebung (flow shift)",
        "variation_seed": "Seed der Variation",
        "variation_strength": "Stärke der Variation",
        "cinematic": "Kino",
        "photographic": "Foto",
        "anime": "Anime",
        "manga": "Manga",
        "digital-art": "Digitale Kunst",
        "pixel-art": "Pixelkunst",
        "fantasy-art": "Fantasy",
        "neonpunk": "Neonpunk",
        "3d-model": "3D-Modell",
        "Square": "Quadrat",
        "Landscape": "Quer",
        "Wide": "Breit",
        "Portrait": "Hoch",
        "Tall": "Schmal",
    }
    sentences, nouns = SENTENCES, NOUNS

    def size_hint(self, minimum: int, maximum: int, step: int) -> str:
        return f"{minimum} bis {maximum}, in Schritten von {step}"

    def presets(self, steps: Mapping[str, int]) -> str:
        if len(steps) < 2:
            return ""
        most, *fewer = steps.values()
        if set(fewer) == {most}:
            return "Am schnellsten: feine Einzelheiten vereinfacht."
        return f"Weniger Schritte ändern Einzelheiten: {', '.join(map(str, fewer))} statt {most}."

    def negative_prompt_hint(self, has_one: bool) -> str:
        if has_one:
            return "Was nicht ins Bild soll. Wirkt bei einer Prompttreue über 1."
        return "Ein Sprint-Modell hat keinen, daher bleibt dies leer."

    def preparation(self, progress: Progress, left: float | None = None) -> str:
        if progress.stage == MACHINE:
            return self.no_free_machine
        fetched = self.fetched(progress)
        text = (
            f"Das Modell wird heruntergeladen: {fetched[0]} von {fetched[1]} MB"
            if fetched
            else "Das Modell wird vorbereitet"
        )
        return text + self.left(left)

    def queue(self, update: QueueUpdate) -> str:
        before = "eine Anfrage ist" if update.ahead == 1 else f"{update.ahead} Anfragen sind"
        return f"In der Warteschlange: {before} vor deiner"

    def begun_again(self, update: RestartUpdate) -> str:
        precision = f" und {self.precision(update.precision)}" if update.precision else ""
        return f"{self._picture(update)}Der Rechner, der hier zeichnete, ist weg: Ein anderer beginnt neu{precision}"

    def step(self, update: StepUpdate, left: float | None) -> str:
        decoding = ", das Bild entsteht" if update.step == update.steps else ""
        return f"{self._picture(update)}Schritt {update.step} von {update.steps}{decoding}{self.left(left)}"

    def encode(self, update: EncodeUpdate) -> str:
        return f"Das Bild wird gelesen: Streifen {update.band} von {update.bands}"

    def decode(self, update: DecodeUpdate, left: float | None) -> str:
        return f"{self._picture(update)}Das Bild entsteht: Streifen {update.band} von {update.bands}{self.left(left)}"

    def picture(self, update: PictureUpdate) -> str:
        return f"Bild {update.image} von {update.images} ist fertig"

    def finished(self, seconds: str, parts: str) -> str:
        return f"Fertig in {seconds} s: {parts}"

    def stopped(self, update: StoppedUpdate) -> str:
        if update.last is None:
            return "Gestoppt."
        unfinished = ": Dieses Bild ist unfertig." if update.last.preview else "."
        return f"Gestoppt nach Schritt {update.last.step} von {update.last.steps}{unfinished}"

    def duration(self, seconds: float) -> str:
        if seconds < 1.5:
            return "etwa eine Sekunde"
        if seconds < 90:
            return f"etwa {round(seconds) if seconds < 20 else round(seconds / 5) * 5} s"
        return f"etwa {round(seconds / 60)} min" if seconds < 5400 else f"etwa {self.number(seconds / 3600, '.1f')} h"

    def left(self, seconds: float | None) -> str:
        return "" if seconds is None else f", noch {self.duration(seconds)}"

    def estimate(self, seconds: float) -> str:
        return f"Dauert {self.duration(seconds)}"

    def link_problems(self, problems: str) -> str:
        return f"Der Link stimmt nicht ganz: {problems}"

    def not_kept(self, problems: str) -> str:
        return f"Was du eingegeben hattest, steht wieder da, aber nicht alles: {problems}"

    def other_model(self, source: object, compression: object) -> str:
        made_by = f"{str(source)[:80]} ({str(compression)[:40]})"
        return (
            f"Die Einstellungen sind eingetragen, aber das Bild stammt von {made_by}: Ein anderes Modell zeichnet ein "
            "anderes."
        )

    def drawn_together(self, index: int, count: int) -> str:
        return (
            f"Die Einstellungen sind eingetragen: Dies ist Bild {index + 1} von {count}, die frühere Versionen "
            "zusammen gezeichnet haben. „Zeichnen“ macht es noch einmal."
        )

    def adds(self, before: str, after: str, avoid: str | None) -> str:
        adds = f"Setzt „{before}“ vor und „{after}“ hinter den Prompt"
        if avoid is None:
            return f"{adds}; der negative Teil entfällt: Sprint hat keinen."
        return f"{adds}; vermeidet „{avoid}“."

    def _picture(self, update: StepUpdate | DecodeUpdate | RestartUpdate) -> str:
        return f"Bild {update.image} von {update.images}. " if update.images > 1 else ""
