"""Which event of the page calls what."""

from .drawing import connect_drawing
from .menu import connect_menu
from .pictures import connect_pictures
from .settings import connect_settings

__all__ = ["connect_drawing", "connect_menu", "connect_pictures", "connect_settings"]
