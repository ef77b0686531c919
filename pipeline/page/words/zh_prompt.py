"""The Chinese words about the prompt."""

from collections.abc import Mapping

from ...domain.prompt_length import PromptLength
from .en_prompt import PromptWords


class ChinesePrompt(PromptWords):
    """The part of the Chinese words about what is typed as a prompt."""

    cut = "过长，模型读不到："
    list_switch, list_placeholder = "列表", "每行一条提示词，{red|blue} 表示两种各生成一张"
    waiting: Mapping[str, str] = {
        "waiting": "等待中：{count}",
        "skip": "跳过这张",
        "up": "提前：{prompt}",
        "down": "延后：{prompt}",
        "remove": "移除：{prompt}",
    }
    scene: Mapping[str, str] = {
        "build": "搭建场景",
        "thing": "主体",
        "none": "请选择",
        "colour": "颜色",
        "place": "地点",
        "more": "再加一个主体",
        "replaced": "您的提示词已替换为搭建的场景。",
        "samples": "以下图片由微型模型生成，点击一张即可重新生成：",
    }
    homes: Mapping[str, str] = {"land": "陆地上", "sky": "天空中", "sea": "水里", "thing": "任何地方"}

    def tokens(self, length: PromptLength) -> str:
        return f"{length.tokens} / {length.limit} 个 token"

    def negative_tokens(self, length: PromptLength) -> str:
        return f"负面提示词：{self.tokens(length)}。"

    def unknown(self, unknown: str, near: str) -> str:
        near = f"您是指：{near}？" if near else ""
        return f"微型模型不认识：{unknown}。{near}它会画的内容见“{self.scene['build']}”。"

    def prompts(self, count: int) -> str:
        return f"{count} 条提示词"

    def draws(self, prompt: str) -> str:
        return f"生成：{prompt}"
