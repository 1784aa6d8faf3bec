"""A fixed set of Chinese sentences: what each states, and how much of it is read."""

from __future__ import annotations

from tests.support.extraction_world import reader, sentence, triples

STATED = {
    "法国的首都是巴黎。": {("FRA", "HAS_CAPITAL", "paris")},
    "巴黎是法国的首都。": {("FRA", "HAS_CAPITAL", "paris")},
    "柏林现在是德国的首都。": {("DEU", "HAS_CAPITAL", "berlin")},
    "日本首都东京人口众多。": {("JPN", "HAS_CAPITAL", "tokyo")},
    "德国政府设在柏林。": {("DEU", "HAS_CAPITAL", "berlin")},
    "法国与德国接壤。": {("FRA", "BORDERS", "DEU")},
    "法国和西班牙相邻。": {("FRA", "BORDERS", "ESP")},
    "德国是法国的邻国。": {("FRA", "BORDERS", "DEU")},
    "法国毗邻德国和西班牙。": {("FRA", "BORDERS", "DEU"), ("FRA", "BORDERS", "ESP")},
    "卢森堡同德国有共同边界。": {("LUX", "BORDERS", "DEU")},
    "日本的货币是日元。": {("JPN", "CURRENCY", "jpy")},
    "法国使用欧元。": {("FRA", "CURRENCY", "eur")},
    "欧元是德国的法定货币。": {("DEU", "CURRENCY", "eur")},
    "欧元在西班牙流通。": {("ESP", "CURRENCY", "eur")},
    "日本的官方语言是日语。": {("JPN", "LANGUAGE", "ja")},
    "德国人说德语。": {("DEU", "LANGUAGE", "de")},
    "法语是法国的官方语言。": {("FRA", "LANGUAGE", "fr")},
    "在卢森堡，人们讲法语。": {("LUX", "LANGUAGE", "fr")},
    "日本位于亚洲。": {("JPN", "IN_REGION", "asia")},
    "法国地处欧洲西部。": {("FRA", "IN_REGION", "europe")},
    "西班牙是欧洲国家。": {("ESP", "IN_REGION", "europe")},
    "鲁迅出生于绍兴。": {("luxun", "BORN_IN", "shaoxing")},
    "鲁迅在绍兴出生。": {("luxun", "BORN_IN", "shaoxing")},
    "《狂人日记》的作者是鲁迅。": {("diary", "WRITTEN_BY", "luxun")},
    "鲁迅写了《狂人日记》。": {("diary", "WRITTEN_BY", "luxun")},
    "法国的首都是巴黎，货币是欧元。": {
        ("FRA", "HAS_CAPITAL", "paris"), ("FRA", "CURRENCY", "eur"),
    },
    # Nothing of this is a fact.
    "柏林不是法国的首都。": set(),
    "日本与德国不接壤。": set(),
    "巴黎是德国的首都吗？": set(),
    "据说日本的货币是欧元。": set(),
    "法国总统访问了柏林。": set(),
    "日本可能采用欧元。": set(),
    "东京的法语老师来自法国。": set(),
    "德国和日本签署了协议。": set(),
    "没有人认为柏林是法国的首都。": set(),
    "鲁迅去过巴黎。": set(),
}  # fmt: skip


def test_chinese_is_read_as_well_as_is_written_down() -> None:
    model = reader()
    right = wrong = missed = 0
    failures = []
    for text, stated in STATED.items():
        found = triples(model.read(sentence(text)))
        right, wrong = right + len(found & stated), wrong + len(found - stated)
        missed += len(stated - found)
        if found != stated:
            failures.append((text, found))
    precision, recall = right / (right + wrong), right / (right + missed)
    print(f"precision {precision:.3f}, recall {recall:.3f}", *failures, sep="\n")
    assert precision >= 0.95
    assert recall >= 0.7
