"""The page in Chinese, in simplified characters."""

from collections.abc import Mapping

from ...domain.progress import MACHINE, Progress
from ...domain.updates import (
    DecodeUpdate,
    EncodeUpdate,
    PictureUpdate,
    QueueUpdate,
    RestartUpdate,
    StepUpdate,
    StoppedUpdate,
)
from .en import English
from .zh_explore import ChineseExplore
from .zh_gallery import ChineseGallery
from .zh_model import ChineseModel
from .zh_pictures import ChinesePictures
from .zh_problems import NOUNS, SENTENCES
from .zh_prompt import ChinesePrompt


class Words(ChinesePictures, ChinesePrompt, ChineseGallery, ChineseModel, ChineseExplore, English):
    """The words in Chinese."""

    language = "zh"

    motto = "描述一幅画面，Sana 为您画出来。"
    placeholder = "想画什么？（建议用英文）"
    generate, stop = "生成", "停止"
    examples = "试试这些"
    pictures = "图片"
    reuse_seed = "用上次的种子"
    more_settings, about = "更多设置", "运行信息"
    shape = "画面比例"
    drop = "从图片读取设置：把本程序生成的 PNG 拖到这里"
    no_style, plain_prompt = "（无风格）", "提示词原样交给模型。"
    empty_field = "空值"
    ready = "就绪"

    call = "完成后："
    calls: Mapping[str, str] = {"": "不提醒", "sound": "播放提示音", "notification": "发送通知"}
    called: Mapping[str, str] = {"done": "您的图片已生成", "failed": "您的图片生成失败"}

    live = "实时预览：边输入边生成"
    live_done = "实时预览：按回车键生成完整图片并保留。"
    live_waits = "正在生成其他图片，实时预览暂停。"

    painted: Mapping[str, str] = {
        "unfinished": "未完成",
        "drop": "把本程序生成的 PNG 拖到这里，即可恢复其设置",
    }

    filled = "已填入这张图片的设置：点击“生成”即可重现。"
    unfinished = "未完成的图片没有设置，请等图片生成完，或从历史记录中选取。"
    no_picture = "还没有图片，请描述画面并点击“生成”。"
    picture_gone = "这张图片已不在服务器上，请从历史记录中选取。"
    linked = "这些设置的链接已写入地址栏。"
    linked_without_picture = "链接已写入地址栏，但不含这些设置所用的起始图片。"
    server_gone = "没有收到回应，请稍后再试。"
    space = ""
    offline = "连接已断开，正在重试"
    lost = "这张图片已丢失：程序重启过，或太久没有回到此页面。"
    draw_again = "重新生成"
    picture_again = "请重新提供起始图片。"
    one_moment = "请稍候"
    no_free_machine = "正在等待空闲的机器"
    loaded_when_needed = "生成时加载"
    reading_prompt = "正在读取提示词"
    stopping = "正在停止"

    schedule_hints: Mapping[str, str] = {
        "max_timesteps": "留空则为 1.5708，即纯噪声",
        "intermediate_timesteps": "留空则为 1.3",
        "timesteps": "例如三步：1.5708, 1.1, 0.5, 0",
        "flow_shift": "留空则与训练时相同。值越大，用于构图的步数越多；值越小，用于细节的步数越多。",
    }

    labels: Mapping[str, str] = {
        "prompt": "提示词",
        "negative_prompt": "负面提示词",
        "style": "风格",
        "width": "宽度",
        "height": "高度",
        "num_inference_steps": "步数",
        "guidance_scale": "引导强度",
        "seed": "种子",
        "randomize_seed": "使用随机种子",
        "num_images": "图片数量",
        "model": "模型",
        "use_resolution_binning": "按最接近的训练尺寸生成，再缩放",
        "draft_decode": "草稿解码：快得多，但细节会简化",
        "preset": "质量",
        "exact": "精确",
        "balanced": "均衡",
        "fastest": "最快",
        "image": "图片",
        "mask_image": "蒙版",
        "strength": "重绘幅度",
        "mask_grow": "蒙版扩展",
        "mask_blur": "边缘柔化",
        "mask_invert": "反转：保留涂抹的部分",
        "enlarge": "放大：只重绘细节，其余不变",
        "max_timesteps": "起始时间步",
        "intermediate_timesteps": "第二个时间步（仅用于两步）",
        "timesteps": "所有时间步",
        "flow_shift": "流偏移（flow shift）",
        "variation_seed": "变体种子",
        "variation_strength": "变体强度",
        "cinematic": "电影感",
        "photographic": "摄影",
        "anime": "动漫",
        "manga": "漫画",
        "digital-art": "数字艺术",
        "pixel-art": "像素画",
        "fantasy-art": "奇幻",
        "neonpunk": "霓虹朋克",
        "3d-model": "3D 模型",
        "Square": "方形",
        "Landscape": "横向",
        "Wide": "宽屏",
        "Portrait": "纵向",
        "Tall": "竖屏",
    }
    sentences, nouns = SENTENCES, NOUNS

    def size_hint(self, minimum: int, maximum: int, step: int) -> str:
        return f"{minimum} 到 {maximum}，{step} 的倍数"

    def presets(self, steps: Mapping[str, int]) -> str:
        if len(steps) < 2:
            return ""
        most, *fewer = steps.values()
        if set(fewer) == {most}:
            return "“最快”会简化细节。"
        return f"步数减少会改变细节：由 {most} 步减为 {'、'.join(map(str, fewer))} 步。"

    def negative_prompt_hint(self, has_one: bool) -> str:
        if has_one:
            return "不想出现的内容。引导强度大于 1 时有效。"
        return "Sprint 模型不支持负面提示词，请留空。"

    def preparation(self, progress: Progress, left: float | None = None) -> str:
        if progress.stage == MACHINE:
            return self.no_free_machine
        fetched = self.fetched(progress)
        text = f"正在下载模型：{fetched[0]} / {fetched[1]} MB" if fetched else "正在准备模型"
        return text + self.left(left)

    def queue(self, update: QueueUpdate) -> str:
        return f"排队中：前面还有 {update.ahead} 个请求"

    def begun_again(self, update: RestartUpdate) -> str:
        precision = f"，{self.precision(update.precision)}" if update.precision else ""
        return f"{self._picture(update)}生成图片的机器中断了，正由另一台机器重新开始{precision}"

    def step(self, update: StepUpdate, left: float | None) -> str:
        decoding = "，正在解码" if update.step == update.steps else ""
        return f"{self._picture(update)}第 {update.step} 步，共 {update.steps} 步{decoding}{self.left(left)}"

    def encode(self, update: EncodeUpdate) -> str:
        return f"正在读取图片：第 {update.band} 段，共 {update.bands} 段"

    def decode(self, update: DecodeUpdate, left: float | None) -> str:
        return f"{self._picture(update)}正在解码：第 {update.band} 段，共 {update.bands} 段{self.left(left)}"

    def picture(self, update: PictureUpdate) -> str:
        return f"第 {update.image} 张图片已完成，共 {update.images} 张"

    def finished(self, seconds: str, parts: str) -> str:
        return f"完成，用时 {seconds} 秒：{parts}"

    def stopped(self, update: StoppedUpdate) -> str:
        if update.last is None:
            return "已停止。"
        unfinished = "，这张图片未完成。" if update.last.preview else "。"
        return f"已在第 {update.last.step} 步停止，共 {update.last.steps} 步{unfinished}"

    def duration(self, seconds: float) -> str:
        if seconds < 1.5:
            return "约 1 秒"
        if seconds < 90:
            return f"约 {round(seconds) if seconds < 20 else round(seconds / 5) * 5} 秒"
        return f"约 {round(seconds / 60)} 分钟" if seconds < 5400 else f"约 {self.number(seconds / 3600, '.1f')} 小时"

    def left(self, seconds: float | None) -> str:
        return "" if seconds is None else f"，还需{self.duration(seconds)}"

    def estimate(self, seconds: float) -> str:
        return f"需要{self.duration(seconds)}"

    def link_problems(self, problems: str) -> str:
        return f"链接部分有误：{problems}"

    def not_kept(self, problems: str) -> str:
        return f"已恢复您输入的内容，但有一部分未能恢复：{problems}"

    def other_model(self, source: object, compression: object) -> str:
        made_by = f"{str(source)[:80]} ({str(compression)[:40]})"
        return f"已填入设置，但这张图片由 {made_by} 生成，换用其他模型会得到不同的图片。"

    def drawn_together(self, index: int, count: int) -> str:
        return f"已填入设置：这是早期版本一次生成的 {count} 张中的第 {index + 1} 张。点击“生成”即可重现。"

    def adds(self, before: str, after: str, avoid: str | None) -> str:
        adds = f"在提示词前加“{before}”，后加“{after}”"
        if avoid is None:
            return f"{adds}；不使用负面部分，因为 Sprint 不支持负面提示词。"
        return f"{adds}；避免“{avoid}”。"

    def _picture(self, update: StepUpdate | DecodeUpdate | RestartUpdate) -> str:
        return f"第 {update.image} 张，共 {update.images} 张。" if update.images > 1 else ""
