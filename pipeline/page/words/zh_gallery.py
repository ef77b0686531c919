"""The Chinese words for looking at pictures."""

from collections.abc import Mapping

from .en_gallery import GalleryWords


class ChineseGallery(GalleryWords):
    """The part of the Chinese words about pictures that are there already."""

    use, same_seed, vary, compare = "使用这些设置", "同一种子，修改描述", "再来一张", "对比"
    vary_subtly, vary_strongly = "细微变体", "大幅变体"
    link = "复制链接"
    undo = "撤销：恢复原样"
    undone = "各项输入已恢复原样。"
    varies = "沿用这张图片的设置，换一个种子。"
    varies_noise = "这张图片的变体：种子不变，混入另一个种子的部分噪声。"
    varies_original = "这张图片本身就是变体：将按其原图的种子再生成一张变体。"

    gallery: Mapping[str, str] = {
        "pictures": "图片",
        "none yet": "您的图片会出现在这里",
        "preview": "正在生成的图片的预览",
        "enlarge": "放大查看：{prompt}",
        "download": "下载",
        "fullscreen": "全屏",
        "share": "分享",
        "not shared": "这张图片无法分享，请下载。",
        "no picture": "还没有图片，请描述画面并点击“生成”。",
        "unfinished": "未完成的图片没有设置，请等图片生成完，或从历史记录中选取。",
        "copied": "这些设置的链接已写入地址栏，并已复制。",
        "lost": "无法从服务器获取这张图片。",
        "use": "使用",
        "vary": "再来一张",
        "vary subtly": "细微变体",
        "vary strongly": "大幅变体",
        "change": "修改这张",
        "compare": "对比",
        "star": "收藏",
        "delete": "删除",
        "deleted": "图片已删除。",
        "undo": "撤销",
        "view": "大图",
        "close": "关闭",
        "previous": "上一张",
        "next": "下一张",
        "place": "第 {place} 张，共 {count} 张",
        "caption": "{prompt}（种子 {seed}，{steps} 步）",
        "pinned": "已留作对比：再生成或选择另一张图片，即可用滑块叠放对比。",
        "comparison": "对比",
        "slider": "第一张图片的显示比例",
        "settings": "{steps} 步，引导强度 {guidance}，种子 {seed}，{width} x {height}",
        "end comparison": "结束对比",
        "history": "历史记录",
        "search": "搜索提示词",
        "starred": "已收藏",
        "all": "全部下载",
        "clear": "清空",
        "more": "更早的图片",
        "look": "查看：{caption}",
        "empty": "您的图片会汇集在这里，仅保存在此浏览器中。",
        "kept": "仅保存在此浏览器中：{count} 张，{megabytes} MB。",
        "nothing found": "没有提示词包含这些词的图片。",
        "forget": "要删除历史记录中的所有图片（包括收藏的）吗？",
        "none": "此浏览器不保存历史记录（是否为无痕模式？）。",
        "full": "浏览器的存储空间已满，这张图片未存入历史记录。请下载它，或删除其他图片。",
        "not kept": "浏览器无法把这张图片存入历史记录，请下载。",
        "aside": "原有的历史记录已损坏，或属于其他程序，已原样保留，并新建了一份历史记录。",
        "unreadable": "无法读取，已原样保留：{count} 张。",
        "gone": "这张图片已不在历史记录中。",
        "other tab": "另一个标签页中的旧页面占用着历史记录，请关闭那个标签页。",
        "too much": "一个 ZIP 文件最多容纳 4 GB、65,535 张图片，请先用搜索缩小范围。",
    }
