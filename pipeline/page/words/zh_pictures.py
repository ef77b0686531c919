"""The Chinese words for starting from a picture."""

from collections.abc import Mapping

from .en_pictures import PictureWords


class ChinesePictures(PictureWords):
    """The part of the Chinese words about a given picture."""

    start_from_picture = "从图片开始"
    give_picture = "把图片拖到这里，\n或点按选择"
    take_away = "移除图片"
    change_this, larger, fill_here = "修改这张", "放大", "局部重画"
    extend, extend_to, extend_by = "扩展画面", "扩展方向", "扩展比例"
    sides: Mapping[str, str] = {"left": "左", "top": "上", "right": "右", "bottom": "下"}
    no_side = "请至少选择一边。"
    extended = "画面已扩大：标记的部分会重新画。"

    painter: Mapping[str, str] = {
        "paint": "只重画一部分：请涂抹",
        "picture": "起始图片",
        "canvas": "图片和涂在上面的蒙版",
        "tools": "蒙版工具",
        "brush": "画笔",
        "eraser": "橡皮",
        "width": "大小",
        "undo": "撤销",
        "clear": "清空",
        "file": "从文件读取蒙版",
        "unreadable": "浏览器无法把该文件读作图片。",
        "too large": "此浏览器做不出这么大的蒙版：请换一张小一些的图片。",
    }

    def kept_steps(self, kept: int, steps: int) -> str:
        return f"运行 {steps} 步中的 {kept} 步：重绘幅度越小，保留的画面越多。"

    def picture_size(self, given: tuple[int, int], drawn: tuple[int, int]) -> str:
        (width, height), (drawn_width, drawn_height) = given, drawn
        match self.fitting(given, drawn):
            case "same":
                return f"图片为 {width} x {height} 像素，按此尺寸作画。"
            case "resized":
                return f"图片为 {width} x {height} 像素，将缩放到 {drawn_width} x {drawn_height}。"
            case _:
                return f"图片为 {width} x {height} 像素，将拉伸到 {drawn_width} x {drawn_height}。"

    def starts_here(self, width: int, height: int) -> str:
        return f"现在从这张图片开始：请写出要改什么。将按 {width} x {height} 作画。"

    def paint_here(self, width: int, height: int) -> str:
        return f"请涂抹要重画的部分，并描述它。将按 {width} x {height} 作画。"

    def enlarges(self, width: int, height: int) -> str:
        return f"现在从这张图片开始。将按 {width} x {height} 作画。"

    def largest(self, maximum: int) -> str:
        return f"这张图片已是最大尺寸：{maximum} 像素。"

    def picture_wanted(self, sha256: str) -> str:
        return f"它基于一张图片，需要再次提供：SHA-256 以 {sha256[:8]} 开头的那一张。"

    mask_wanted = "它用过蒙版，需要再次提供。"
    no_mask = "它没有用蒙版：请清空已涂抹的蒙版。"
