"""The Chinese words for starting from a picture."""

from collections.abc import Mapping

from .en_pictures import PictureWords


class ChinesePictures(PictureWords):
    """The part of the Chinese words about a given picture."""

    start_from_picture = "图生图：从图片开始"
    give_picture = "把图片拖到这里，\n或点击选择"
    take_away = "移除图片"
    change_this, larger, fill_here = "修改这张", "放大", "局部重绘"
    extend, extend_to, extend_by = "扩图", "扩展方向", "扩展比例"
    sides: Mapping[str, str] = {"left": "左", "top": "上", "right": "右", "bottom": "下"}
    no_side = "请至少选择一个方向。"
    extended = "画面已扩展，标记的部分会重绘。"

    painter: Mapping[str, str] = {
        "paint": "局部重绘：涂抹要重绘的部分",
        "picture": "起始图片",
        "canvas": "图片和涂在上面的蒙版",
        "tools": "蒙版工具",
        "brush": "画笔",
        "eraser": "橡皮擦",
        "width": "大小",
        "undo": "撤销",
        "clear": "清空",
        "file": "从文件读取蒙版",
        "unreadable": "浏览器无法将该文件作为图片读取。",
        "too large": "此浏览器无法创建这么大的蒙版，请换一张小一些的图片。",
    }

    def kept_steps(self, kept: int, steps: int) -> str:
        return f"只运行 {steps} 步中的 {kept} 步：重绘幅度越小，保留的原图越多。"

    def picture_size(self, given: tuple[int, int], drawn: tuple[int, int]) -> str:
        (width, height), (drawn_width, drawn_height) = given, drawn
        match self.fitting(given, drawn):
            case "same":
                return f"图片为 {width} x {height} 像素，将按此尺寸生成。"
            case "resized":
                return f"图片为 {width} x {height} 像素，将缩放到 {drawn_width} x {drawn_height}。"
            case _:
                return f"图片为 {width} x {height} 像素，将拉伸到 {drawn_width} x {drawn_height}。"

    def starts_here(self, width: int, height: int) -> str:
        return f"已设为起始图片，请写出要修改的内容。将按 {width} x {height} 生成。"

    def paint_here(self, width: int, height: int) -> str:
        return f"请涂抹要重绘的部分，并描述新的内容。将按 {width} x {height} 生成。"

    def enlarges(self, width: int, height: int) -> str:
        return f"已设为起始图片。将按 {width} x {height} 生成。"

    def largest(self, maximum: int) -> str:
        return f"这张图片已是最大尺寸：{maximum} 像素。"

    def picture_wanted(self, sha256: str) -> str:
        return f"它使用了起始图片，请重新提供 SHA-256 以 {sha256[:8]} 开头的那一张。"

    mask_wanted = "它使用了蒙版，请重新提供。"
    no_mask = "它没有使用蒙版，请清空已涂抹的蒙版。"
