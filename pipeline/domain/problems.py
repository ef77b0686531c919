"""The problems of a request as data: a code and its facts, and the English sentence that they make."""

from dataclasses import dataclass
from typing import Any

SENTENCES = {
    "text": "The {noun} must be text, not {value}.",
    "unicode": "The {noun} holds a character that is not valid Unicode.",
    "length": "The {noun} must have at most {maximum:,} characters, not {count:,}.",
    "empty": "The {noun} is empty: describe the picture in a few words.",
    "size": "The {noun} must be a multiple of {step} from {minimum} to {maximum} pixels, not {value}.",
    "picture size": "The size must be WIDTHxHEIGHT in pixels, or auto, not {value}.",
    "whole number": "The {noun} must be a whole number from {minimum} to {maximum}, not {value}.",
    "number": "The {noun} must be a number from {minimum:g} to {maximum:g}, not {value}.",
    "switch": "{noun} must be true or false, not {value}.",
    "choice": "There is no {noun} {value}; there are: {choices}.",
    "times": "The {noun} must be two or more falling numbers, from at most {maximum:g} to at least 0, not {value}.",
    "no such schedule": "A {family} model has no {noun}: leave it empty.",
    "number of times": "The {noun} must have {count} numbers for {steps} steps, one more than steps, not {given}.",
    "times are listed": "The {noun} is in the list of times already: leave one of the two empty.",
    "time between": "The {noun} is for two steps, not for {steps}: leave it empty, or list all times.",
    "time order": "The {noun} must be below the first, {first:g}, not {value:g}.",
    "last seed": "The {noun} must be at most {maximum} for {images} images, since each takes the next one, not "
    "{value}.",
    "style length": "With the words of the style {style} the prompt has {count:,} characters, of at most {maximum:,}: "
    "shorten it, or choose no style.",
    "picture hash": "The {noun} must be the SHA-256 of its pixels, in 64 hexadecimal digits, not {value}.",
    "no picture": "The {noun} is no picture that can be read: give a whole PNG, JPEG, WebP, GIF, BMP or TIFF file.",
    "too many pixels": "The {noun} has more than {maximum} million pixels: give a smaller one.",
    "mask size": "The mask has {mask} pixels and the picture {picture}: give a mask of the picture's size.",
    "nothing to enlarge": "There is no picture to enlarge: give one.",
    "negative side": "A canvas grows by 0 or more pixels to each side, not by fewer.",
    "empty mask": "Nothing in the mask is {colour}, so there is nothing to draw anew.",
    "opaque mask": "Nothing in the mask is transparent, so there is nothing to draw anew.",
    "no file": "Give the picture as a file, in multipart/form-data.",
    "no base64": "The {noun} is no base64 of a picture file.",
    "one picture": "A stream has one picture: ask for one, or without stream.",
    "given twice": "The {noun} is given twice: give it once.",
    "no object": "{noun} must be a JSON object.",
    "picture needed": "These settings start from a picture: give the one whose pixels have the SHA-256 {sha256}.",
    "no encoder": "This model's folder has no image encoder, so it cannot start from a picture: write it again with "
    "precompile.py.",
    "mask without picture": "A mask says what of a picture is drawn anew: give the picture as well.",
    "strength without picture": "The strength says how much of a picture is drawn anew: give the picture as well.",
    "negative prompt": "A {family} model has no negative prompt: leave it empty.",
    "draft decoder": "This model has no draft decoder: turn draft decoding off, or precompile it with one.",
    "memory": "{width}x{height} pixels need about {needed:.1f} GB of memory, and {available:.1f} GB are all that there "
    "is here: the largest of this shape that fits is {fitting_width}x{fitting_height}.",
    "no memory": "{width}x{height} pixels need about {needed:.1f} GB of memory, and {available:.1f} GB are all that "
    "there is here: no size fits.",
    "free memory": "{width}x{height} pixels need about {needed:.1f} GB of memory, {available:.1f} GB are free now: the "
    "largest of this shape that fits is {fitting_width}x{fitting_height}.",
    "no free memory": "{width}x{height} pixels need about {needed:.1f} GB of memory, {available:.1f} GB are free now: "
    "no size fits.",
    "one a line": "A line is one picture, the same each time: leave {value} out, and write more lines.",
    "no line": "This is no {kind}, so it cannot be read.",
    "unknown": "There is no setting {value}; there are: {choices}.",
    "no png": "{file} is no PNG file, so it holds no settings of this program.",
    "cut off": "{file} is cut off: a part of the file is missing.",
    "unreadable": "{file} cannot be read ({reason}), so it holds no settings here.",
    "no record": "{file} holds no settings of this program.",
    "unknown record": "{file} holds settings that this version does not know.",
    "huge list": "The list has more than {most:,} prompts: write fewer alternatives in braces.",
    "list length": "The list has {count:,} prompts, and there is room for {room:,}: shorten it, or wait.",
    "axis twice": "The {noun} is on both axes: choose another one for the second.",
    "no values": "The {noun} has no values here: write some, such as 2,4 or 1..4.",
    "value twice": "The {noun} {value} is there twice: its pictures would be the same.",
    "cells": "These are {count:,} pictures, and a grid has at most {maximum}: write fewer values.",
    "grid of a list": "A grid is of one prompt, and the list has {count:,}: shorten it, or turn the list off.",
    "sheet": "{file} shows several pictures of a grid: take one of those instead.",
    "empty list": "The list is empty: write one prompt a line.",
    "client busy": "You have {count} requests here already: wait for one of them to end.",
    "queue full": "Too many requests are waiting: try again in a moment.",
    "failed": "Something went wrong on the way: the log of the program says what.",
    "machines lost": "{count} machines were lost in the middle of this picture, one after another: ask for a simpler "
    "one.",
    "model released": "{model} has made room for another model: try again.",
    "model unloadable": "{model} cannot be loaded: the log of the program says why.",
    "model files": "The files of {model} are gone or have changed: try again, and it is loaded anew.",
    "model not loaded": "{model} cannot be loaded: {reason}.",
    "event size": "This is more than the page sends at once: reload the page.",
    "event kind": "This is not what the page sends: reload the page.",
    "kept": "What this browser has kept of the page is damaged, so it is not filled in.",
    "foreign file": "This file was neither uploaded here nor made for you: drop the picture on the page.",
    "disk full": "The disk of the machine that draws is full, so the picture could not be kept.",
    "not written": "The picture could not be written on the machine that draws: its log says why.",
    "output type": 'The output type must be "pil" or "np", not {value}.',
}
MAX_SHOWN = 40  # characters of a refused value; chosen: the sentence stays one line


@dataclass(frozen=True)
class Problem:
    """A problem of a request: `code` is a key of SENTENCES, `facts` fill the gaps in its sentence."""

    code: str
    facts: dict[str, Any]

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code].format(**self.facts)


def shown(value: object) -> str:
    """Return the repr of a refused value, cut to MAX_SHOWN characters."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # ValueError: an int with thousands of digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
