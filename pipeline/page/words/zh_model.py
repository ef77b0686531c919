"""The Chinese words about the model that draws."""

import html
from collections.abc import Mapping

from .en_model import ModelWords


class ChineseModel(ModelWords):
    """The part of the Chinese words about what is running."""

    miniature_note = "内置的微型模型只懂英文，只会画绘本里的景物：最多三样动物、水果、房子、汽车等，画面柔和。"
    full_size: Mapping[str, str] = {"look up": "获取完整模型", "make": "下载并转换"}
    parts: Mapping[str, str] = {
        "the rest": "其他",
        "text_encoder": "文本",
        "transformer": "生成",
        "vae_decoder": "解码",
        "vae_encoder": "读取图片",
        "draft_decoder": "草稿解码",
        "draft_encoder": "草稿读取",
    }
    rows: Mapping[str, str] = {
        "model": "模型",
        "source": "来源",
        "kind": "类型",
        "loras": "LoRA",
        "languages": "提示词语言",
        "compression": "压缩",
        "parity": "与 torch 相比",
        "device": "设备",
        "memory": "内存",
    }
    with_guidance, few_steps = "Sana，可调引导强度", "Sana Sprint：步数少，不支持负面提示词"
    no_parity = "未知：转换模型时才会测量"

    def listed(self, seconds: Mapping[str, float]) -> str:
        return "，".join(f"{self._part(name)} {self.number(time, '.1f')} 秒" for name, time in seconds.items())

    def device(self, device: str, threads: int | None) -> str:
        return f"{device}，{threads} 个线程" if threads else device

    def precision(self, precision: str) -> str:
        return f"以 {precision} 计算"

    def memory(self, used: float, free: float) -> str:
        return f"已用 {self.number(used / 1e9, '.1f')} GB，空闲 {self.number(free / 1e9, '.1f')} GB"

    def worst_picture(self, db: float) -> str:
        return f"图片至少 {db:.0f} dB"

    def offer(self, size: float, licence: str) -> str:
        return (
            f"可生成任意画面，尺寸 1024 x 1024。需从 Hugging Face 下载 {self.number(size / 1e9, '.1f')} GB "
            "并转换，仅此一次。"
            f"许可协议：{licence}，以及 Gemma 条款。"
        )

    def made(self, name: str) -> str:
        return f"{name} 已就绪，请在“模型”中选择。"

    def about_miniature(self, command: str) -> str:
        return (
            "<p>这是内置的微型模型，一个专为本程序训练的很小的 Sana：它只画绘本里的景物，最多三样（动物、植物、"
            "食物、衣服、车辆、房屋等，提示词下方的菜单里都有），场景为白天、夜晚、日落、海上、沙漠、雪地或白纸。"
            "其他的它都不会。</p>"
            "<p>要生成其他图片，请用 <code>precompile.py</code> 转换一个完整模型（见 README），然后运行 "
            f"<code>{html.escape(command)}</code></p>"
        )
