"""The Chinese words about grids."""

from collections.abc import Mapping

from .en_explore import ExploreWords


class ChineseExplore(ExploreWords):
    """The part of the Chinese words about the fold "Explore"."""

    explore: Mapping[str, str] = {
        "title": "探索：按两项设置生成网格图",
        "down": "行",
        "across": "列",
        "none": "无",
        "values": "取值，例如 2,4 或 1..4",
        "draw": "生成网格图",
        "sheet": "汇总图",
        "drawn": "网格图已生成",
    }

    def grid_size(self, count: int) -> str:
        return f"{count} 张图片"
