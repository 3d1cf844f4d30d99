"""Makes Chinese sentences with names, addresses and organisations, and the spans of these.

    python generate.py 2000 --seed 1 > zh_made.jsonl

Everything is put together at random from the lists below, which the plugin does not read.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys


def words(text: str) -> tuple[str, ...]:
    """Return what stands between white space."""
    return tuple(text.split())


SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
)  # fmt: skip
DOUBLE = ("欧阳", "上官", "司马", "诸葛", "皇甫", "令狐")
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建国志红玉兰鹏飞宇浩然子轩梓涵欣怡雨桐思远嘉豪俊楠雪梅佳琪文博晓东海燕"
    "春华立新永福振兴家宝德昌少华天佑可馨一诺若曦承恩书瑶景行望舒知远清扬沐阳星辰乐山云帆"
)
CITIES = (
    *words(
        """
    北京市海淀区 上海市徐汇区 广东省广州市越秀区 浙江省宁波市鄞州区 四川省成都市武侯区
    江苏省南京市玄武区 湖北省武汉市江汉区 陕西省西安市雁塔区 辽宁省大连市沙河口区
    福建省福州市鼓楼区 山东省烟台市芝罘区 河北省唐山市路北区 贵州省遵义市红花岗区
        """
    ),
    "",
)
ROADS = words(
    """
    人民路 建设大街 和平西路 滨海大道 文昌巷 长宁街 桃花坞大街 科苑南路 新华路 振兴街 学府路
    梧桐巷 凤凰北路 东风中路 天目山路
    """
)
ESTATES = ("锦绣花园", "翠竹小区", "金色家园", "世纪新村", "水岸公寓", "丽都大厦", "阳光花苑")
STEMS = words(
    """
    云帆 华盛 远景 锐科 蓝海 金石 博雅 天润 恒通 众诚 东升 瑞丰 宏达
    """
)
TRADES = ("科技", "贸易", "建筑工程", "文化传媒", "物流", "生物医药", "软件", "餐饮管理")
PLACES = ("北京", "上海", "深圳", "杭州", "苏州", "青岛", "长沙市", "无锡市", "珠海", "兰州")
TEMPLATES = words(
    """
    我叫{n}，在{o}工作。 联系人：{n}，地址：{a}。 {n}先生您好，您的快件已送达{a}。
    请把合同寄给{n}，{a}。 {n}和{n}昨天去了{o}。 患者{n}转到了{o}。 甲方：{o}，签约代表{n}。
    昨晚{n}说她不想去。 经理让{n}明天去{o}开会。 快递放在{a}门口就行。 {o}发来一份通知。
    参会人员有{n}、{n}和{n}。 我跟{n}是大学同学。 {n}住在{a}，电话没变。 他从{o}辞职了。
    收货人{n}，{a}，放门卫。 请问{o}几点下班？ 房东{n}把{a}的房子卖了。 开户行是{o}。
    {n}女士投诉{o}乱收费。 证人{n}的证词与监控一致。 我把钱还给{n}了。 老师{n}布置了作业。
    明天上午九点开会。 这道题的方法很简单。 大家马上就到。 那家公司怎么样？ 第三章第二节讲什么？
    周末去爬山，记得带水。 温度升高，石头会裂开吗？ 学院路和大学路哪条更堵？ 今年白菜便宜。
    """
)


def rows(count: int, seed: int) -> list[dict[str, object]]:
    """Return `count` rows: `text`, and `spans` with `start`, `end` (code points) and `kind`."""
    chance = random.Random(seed)
    made = {"n": ("name", name), "a": ("address", address), "o": ("organisation", organisation)}
    found: list[dict[str, object]] = []
    for _ in range(count):
        text, spans = "", []
        for part in re.split(r"(\{.\})", chance.choice(TEMPLATES)):
            if part.startswith("{"):
                kind, make = made[part[1]]
                value = make(chance)
                spans.append({"start": len(text), "end": len(text) + len(value), "kind": kind})
                part = value
            text += part
        found.append({"text": text, "spans": spans})
    return found


def name(chance: random.Random) -> str:
    surname = chance.choice(DOUBLE) if chance.random() < 0.03 else chance.choice(SURNAMES)
    return surname + "".join(chance.choices(GIVEN, k=1 if chance.random() < 0.18 else 2))


def address(chance: random.Random) -> str:
    road = f"{chance.choice(ROADS)}{chance.randint(1, 1999)}号"
    room = f"{chance.randint(1, 30)}栋{chance.randint(1, 4)}单元{chance.randint(101, 2804)}室"
    end = chance.choice((road, road + room, f"{road}{chance.choice(ESTATES)}{room}"))
    return chance.choice(CITIES) + chance.choice((end, end, chance.choice(ESTATES) + room))


def organisation(chance: random.Random) -> str:
    place, stem = chance.choice(PLACES), chance.choice(STEMS)
    return chance.choice(
        (
            f"{place}{stem}{chance.choice(TRADES)}有限公司",
            f"{stem}{chance.choice(TRADES)}公司",
            f"{place}第{chance.choice('一二三四')}人民医院",
            f"{place}大学",
            f"{place}{chance.choice('一二三四五')}中",
            f"{place}{stem}小学",
            f"中国{chance.choice(('农业', '建设', '工商'))}银行{place}分行",
            f"{place}税务局",
            f"{stem}律师事务所",
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for row in rows(asked.count, asked.seed):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
