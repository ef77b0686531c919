"""The German words for looking at pictures."""

from collections.abc import Mapping

from .en_gallery import GalleryWords


class GermanGallery(GalleryWords):
    """The part of the German words about pictures that are there already."""

    use, same_seed, vary, compare = "Einstellungen übernehmen", "Gleicher Seed, dies ändern", "Variieren", "Vergleichen"
    vary_subtly, vary_strongly = "Leichte Variation", "Starke Variation"
    link = "Link kopieren"
    undo = "Rückgängig: wie vorher"
    undone = "Die Felder sind wieder wie vorher."
    varies = "Die Einstellungen dieses Bildes, mit einem anderen Seed."
    varies_noise = "Eine Variation dieses Bildes: sein Seed, und etwas Rauschen eines anderen."
    varies_original = "Dieses Bild ist selbst eine Variation: Hier kommt noch eine, vom Bild desselben Seeds."

    gallery: Mapping[str, str] = {
        "pictures": "Bilder",
        "none yet": "Hier erscheint dein Bild",
        "preview": "Eine Vorschau des Bildes, das gerade gezeichnet wird",
        "enlarge": "Groß ansehen: {prompt}",
        "download": "Herunterladen",
        "fullscreen": "Vollbild",
        "share": "Teilen",
        "not shared": "Dieses Bild ließ sich nicht teilen: Lade es herunter.",
        "no picture": "Noch gibt es kein Bild: Beschreibe eines und drücke „Zeichnen“.",
        "unfinished": "Ein unfertiges Bild enthält keine Einstellungen: Lass eines fertig werden, oder nimm es aus dem "
        "Verlauf.",
        "copied": "Der Link zu diesen Einstellungen steht in der Adresszeile und ist kopiert.",
        "lost": "Dieses Bild konnte nicht vom Server geholt werden.",
        "use": "Übernehmen",
        "vary": "Variieren",
        "vary subtly": "Leichte Variation",
        "vary strongly": "Starke Variation",
        "change": "Ändern",
        "compare": "Vergleichen",
        "star": "Merken",
        "delete": "Löschen",
        "deleted": "Das Bild ist gelöscht.",
        "undo": "Rückgängig",
        "view": "Das Bild, groß",
        "close": "Schließen",
        "previous": "Voriges Bild",
        "next": "Nächstes Bild",
        "place": "{place} von {count}",
        "caption": "{prompt} (Seed {seed}, {steps} Schritte)",
        "pinned": "Zum Vergleich behalten: Zeichne oder wähle ein anderes Bild, ein Regler legt beide übereinander.",
        "comparison": "Vergleich",
        "slider": "Wie viel vom ersten Bild zu sehen ist",
        "settings": "{steps} Schritte, Prompttreue {guidance}, Seed {seed}, {width} x {height}",
        "end comparison": "Vergleich beenden",
        "history": "Verlauf",
        "search": "In Prompts suchen",
        "starred": "Gemerkt",
        "all": "Alle herunterladen",
        "clear": "Leeren",
        "more": "Ältere Bilder",
        "look": "Ansehen: {caption}",
        "empty": "Hier sammeln sich deine Bilder, nur in diesem Browser.",
        "kept": "Nur in diesem Browser: {count}, {megabytes} MB.",
        "nothing found": "Kein Bild hier hat diese Wörter im Prompt.",
        "forget": "Alle Bilder dieses Verlaufs löschen, auch die gemerkten?",
        "none": "Dieser Browser behält keinen Verlauf (privates Fenster?).",
        "full": "Der Speicher des Browsers ist voll. Dieses Bild steht nicht im Verlauf: Lade es herunter, oder lösche "
        "andere.",
        "not kept": "Der Browser konnte dieses Bild nicht in den Verlauf legen: Lade es herunter.",
        "aside": "Der Verlauf hier ist beschädigt oder gehört einem anderen Programm. Er bleibt unberührt; ein neuer "
        "hat begonnen.",
        "unreadable": "Nicht lesbar und unberührt gelassen: {count}.",
        "gone": "Dieses Bild ist nicht mehr im Verlauf.",
        "other tab": "Eine ältere Seite in einem anderen Tab belegt den Verlauf: Schließe den Tab.",
        "too much": "Eine ZIP-Datei fasst höchstens 4 GB und 65.535 Bilder: Suche zuerst nach einem Teil davon.",
    }
