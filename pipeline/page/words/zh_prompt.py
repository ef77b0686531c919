"""The Chinese words about the prompt."""

from collections.abc import Mapping

from ...domain.prompt_length import PromptLength
from .en_prompt import PromptWords


class ChinesePrompt(PromptWords):
    """The part of the Chinese words about what is typed as a prompt."""

    cut = "太长，模型不会读："
    list_switch, list_placeholder = "列表", "每行一条提示词，{red|blue} 表示两种都画"
    waiting: Mapping[str, str] = {
        "waiting": "等待中：{count}",
        "skip": "跳过这张",
        "up": "提前：{prompt}",
        "down": "推后：{prompt}",
        "remove": "移除：{prompt}",
    }
    scene: Mapping[str, str] = {
        "build": "拼出一个场景",
        "thing": "物体",
        "colour": "颜色",
        "place": "地点",
        "more": "再加一个物体",
        "replaced": "您的提示词已换成拼出的场景。",
        "samples": "这些是微型模型画的。点一张，再画一次：",
    }

    def tokens(self, length: PromptLength) -> str:
        return f"{length.tokens} / {length.limit} 个 token"

    def unknown(self, unknown: str, known: str) -> str:
        return f"微型模型不认识：{unknown}。它会画：{known}。"

    def prompts(self, count: int) -> str:
        return f"{count} 条提示词"

    def draws(self, prompt: str) -> str:
        return f"画：{prompt}"
