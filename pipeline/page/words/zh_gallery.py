"""The Chinese words for looking at pictures."""

from collections.abc import Mapping

from .en_gallery import GalleryWords


class ChineseGallery(GalleryWords):
    """The part of the Chinese words about pictures that are there already."""

    use, same_seed, vary, compare = "使用这些设置", "同一种子，修改描述", "变化", "比较"
    vary_subtly, vary_strongly = "细微变体", "大幅变体"
    link = "复制链接"
    undo = "撤销：恢复原样"
    undone = "各栏已恢复原样。"
    varies = "这张图片的设置，换一个种子。"
    varies_noise = "这张图片的变体：种子不变，混入另一个种子的部分噪声。"
    varies_original = "这张图片本身就是变体：再画一张同一种子原图的变体。"

    gallery: Mapping[str, str] = {
        "pictures": "图片",
        "none yet": "您的图片会出现在这里",
        "preview": "正在画的图片的预览",
        "enlarge": "放大查看：{prompt}",
        "download": "下载",
        "fullscreen": "全屏",
        "share": "分享",
        "not shared": "这张图片无法分享：请下载它。",
        "no picture": "还没有图片：请描述画面并按“开始画”。",
        "unfinished": "未完成的图片没有设置：请等它画完，或从历史中选取。",
        "copied": "这些设置的链接在地址栏中，并已复制。",
        "lost": "无法从服务器取得这张图片。",
        "use": "使用",
        "vary": "变化",
        "vary subtly": "细微变体",
        "vary strongly": "大幅变体",
        "change": "修改这张",
        "compare": "比较",
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
        "pinned": "已留作比较：现在再画或选择另一张图片，用滑块把两张叠在一起看。",
        "comparison": "比较",
        "slider": "显示第一张图片的多少",
        "settings": "{steps} 步，引导强度 {guidance}，种子 {seed}，{width} x {height}",
        "end comparison": "结束比较",
        "history": "历史",
        "search": "搜索提示词",
        "starred": "已收藏",
        "all": "全部下载",
        "clear": "清空",
        "more": "更早的图片",
        "look": "查看：{caption}",
        "empty": "您的图片会收集在这里，只存在此浏览器中。",
        "kept": "只存在此浏览器中：{count} 张，{megabytes} MB。",
        "nothing found": "没有图片的提示词含有这些词。",
        "forget": "删除此浏览器中的所有图片，包括收藏的吗？",
        "none": "此浏览器不保存历史（隐私窗口？）。",
        "full": "浏览器的存储空间已满。这张图片不在历史中：请下载它，或删除其他图片。",
        "not kept": "浏览器无法把这张图片存入历史：请下载它。",
        "aside": "这里的历史已损坏，或属于其他程序。已原样保留；新的历史从现在开始。",
        "unreadable": "无法读取，已原样保留：{count} 张。",
        "gone": "这张图片已不在历史中。",
        "other tab": "另一个标签页中的旧页面占用着历史：请关闭那个标签页。",
        "too much": "一个 ZIP 文件最多 4 GB、65,535 张图片：请先搜索出其中一部分。",
    }
