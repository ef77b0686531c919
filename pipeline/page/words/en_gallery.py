"""The English words for looking at pictures: the result, the large view, the comparison, the history."""

from collections.abc import Mapping


class GalleryWords:
    """The part of `English` about pictures that are there already."""

    use, same_seed, vary, compare = "Use these settings", "Same seed, change this", "Vary", "Compare"
    vary_subtly, vary_strongly = "Subtle variation", "Strong variation"
    link = "Copy link"
    undo = "Undo: as it was before"
    undone = "The fields are as they were before."
    varies = "The settings of this picture, with another seed."
    varies_noise = "A variation of this picture: its seed, and some of another one's noise."
    varies_original = "This picture is a variation itself: here is another one, of the same seed's picture."

    gallery: Mapping[str, str] = {
        # The result
        "pictures": "Pictures",
        "none yet": "Your picture appears here",
        "preview": "A preview of the picture that is being drawn",
        "enlarge": "Enlarge: {prompt}",
        "download": "Download",
        "fullscreen": "Fullscreen",
        "share": "Share",
        "not shared": "This picture could not be shared: download it.",
        "no picture": "There is no picture yet: describe one and press Generate.",
        "unfinished": "An unfinished picture holds no settings: let one finish, or take it from the history.",
        "copied": "The link to these settings is in the address bar, and copied.",
        "lost": "This picture could not be fetched from the server.",
        # What can be done with a picture
        "use": "Use",
        "vary": "Vary",
        "vary subtly": "Subtle variation",
        "vary strongly": "Strong variation",
        "change": "Change this",
        "compare": "Compare",
        "star": "Star",
        "delete": "Delete",
        "deleted": "The picture is deleted.",
        "undo": "Undo",
        # The large view
        "view": "The picture, large",
        "close": "Close",
        "previous": "Previous picture",
        "next": "Next picture",
        "place": "{place} of {count}",
        "caption": "{prompt} (seed {seed}, {steps} steps)",
        # The comparison
        "pinned": "Kept for comparison: now draw or choose another picture, and a slider lays one over the other.",
        "comparison": "Comparison",
        "slider": "How much of the first picture is shown",
        "settings": "{steps} steps, guidance {guidance}, seed {seed}, {width} x {height}",
        "end comparison": "End the comparison",
        # The history
        "history": "History",
        "search": "Search in prompts",
        "starred": "Starred",
        "all": "Download all",
        "clear": "Clear",
        "more": "Older pictures",
        "look": "Look at: {caption}",
        "empty": "Your pictures gather here, in this browser only.",
        "kept": "In this browser only: {count}, {megabytes} MB.",
        "nothing found": "No picture here has these words in its prompt.",
        "forget": "Delete all pictures of this history, the starred ones too?",
        "none": "This browser keeps no history (private window?).",
        "full": "The browser's storage is full. This picture is not in the history: download it, or delete others.",
        "not kept": "The browser could not keep this picture in its history: download it.",
        "aside": "The history found here is damaged, or another program's. It is left alone; a new one has begun.",
        "unreadable": "Not readable, and left alone: {count}.",
        "gone": "This picture is no longer in the history.",
        "other tab": "An older page in another tab holds the history: close that tab.",
        "too much": "One ZIP file holds at most 4 GB and 65,535 pictures: search for some of them first.",
    }
