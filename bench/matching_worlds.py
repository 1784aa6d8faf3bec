"""Made-up things that two sources know: products with texts and neighbours, and many people.

Products come in families that share a name, so a name tells little. Of each product there are ten
traits; each source words them in its own way (other templates, synonyms, another order), names have
slips of the pen, and seven of ten neighbours are known to both. All of it is drawn by a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

TRAITS: dict[str, list[tuple[str, str]]] = {
    "material": [
        ("oak wood", "solid oak timber"), ("brushed steel", "satin metal"),
        ("glass", "crystal pane"),
        ("leather", "genuine hide"), ("bamboo", "woven cane"), ("marble", "polished stone"),
        ("wool", "soft fleece yarn"), ("aluminium", "light alloy"),
    ],
    "place": [
        ("the kitchen", "cooking and dining"), ("the bedroom", "where you sleep"),
        ("the garden", "outdoor lawns"), ("the office", "desk work"),
        ("the bathroom", "wash rooms"), ("children's rooms", "nurseries and kids"),
        ("the hallway", "entrance corridors"), ("boats", "yachts and marine use"),
    ],
    "colour": [
        ("red", "crimson"), ("blue", "navy"), ("green", "emerald"), ("black", "ebony"),
        ("white", "ivory"), ("yellow", "lemon"), ("brown", "chestnut"), ("purple", "violet"),
    ],
    "power": [
        ("runs on batteries", "powered by replaceable cells"),
        ("plugs into the wall", "needs a mains socket"),
        ("is driven by hand", "works with a manual crank"),
        ("charges in the sun", "uses solar panels"),
        ("burns gas", "fuelled by propane"), ("needs no power", "entirely passive"),
    ],
    "strength": [
        ("is waterproof", "can get wet without harm"), ("is very light", "weighs almost nothing"),
        ("folds flat", "collapses for storage"), ("is silent", "makes no noise at all"),
        ("is fireproof", "does not catch flames"), ("cleans itself", "needs no washing"),
        ("is unbreakable", "survives any fall"), ("talks to your phone", "has a mobile app"),
    ],
    "origin": [
        ("made in Italy", "an Italian product"), ("made in Japan", "manufactured by the Japanese"),
        ("made in Sweden", "from Scandinavia's Swedes"), ("made in Mexico", "a Mexican craft"),
        ("made in Kenya", "produced by Kenyans"), ("made in France", "from a French workshop"),
    ],
    "size": [
        ("small enough for a pocket", "tiny and pocketable"), ("for two people", "seats a couple"),
        ("as tall as a person", "human height"), ("large", "oversized and big"),
        ("fits a car boot", "sized for a vehicle's trunk"),
    ],
}  # fmt: skip
FIRST = ("It is of", "A thing of", "We build it from")
FAMILIES = ("Lamp", "Chair", "Kettle", "Clock", "Table", "Fan", "Radio", "Shelf", "Grill", "Tent")
BRANDS = (
    "Aurora",
    "Borealis",
    "Cirrus",
    "Delphi",
    "Ember",
    "Fjord",
    "Gala",
    "Helix",
    "Iris",
    "Juno",
)
GIVEN = 3_000
SURNAMES = 30_000


@dataclass(frozen=True)
class MadeThing:
    """An entity of the made world; two of one `truth` are one."""

    id: str
    source: str
    truth: int
    columns: dict[str, Any]
    neighbours: list[str]


def products(count: int, seed: int) -> list[MadeThing]:
    """`count` products in each source, two thirds of them in both."""
    draw = random.Random(seed)
    both = count * 2 // 3
    found = []
    for truth in range(2 * count - both):
        sources = "ab" if truth < both else "a" if truth < count else "b"
        label = f"{draw.choice(BRANDS)} {draw.choice(FAMILIES)}"
        price = round(draw.lognormvariate(4, 0.6), 2)
        traits = {name: draw.choice(some) for name, some in TRAITS.items()}
        shops = [f"shop {draw.randrange(count // 3)}" for _ in range(10)]
        for source in sources:
            mine = 0 if source == "a" else 1
            known = [one for one in shops if draw.random() < 0.84]  # both: seven of ten
            found.append(
                MadeThing(
                    f"{source}{truth}",
                    source,
                    truth,
                    {
                        "label": slip(label, draw, 0.4),
                        "price": round(price * draw.choice((1, 1, 1, 1, 1.05)), 2),
                        "description": told({k: v[mine] for k, v in traits.items()}, mine, draw),
                    },
                    [f"SOLD_BY to {one}" for one in known],
                )
            )
    draw.shuffle(found)
    return found


def namesakes(count: int, seed: int) -> list[MadeThing]:
    """The same products with names that tell them apart, but for a hundred of the second source
    that have the name and the price of one of the first that they are not."""
    draw = random.Random(seed)
    made = products(count, seed)
    syllables = [c + v for c in "bdfgklmnprst" for v in "aeiou"]
    names: dict[int, str] = {}
    for one in made:
        name = " ".join("".join(draw.choices(syllables, k=3)) for _ in range(2))
        one.columns["label"] = slip(names.setdefault(one.truth, name), draw, 0.4)
    both = count * 2 // 3
    alone = [[o for o in made if o.source == s and o.truth >= both] for s in "ab"]
    for mine, theirs in list(zip(*alone, strict=True))[:100]:
        theirs.columns.update(label=mine.columns["label"], price=mine.columns["price"])
    return made


def told(traits: dict[str, str], source: int, draw: random.Random) -> str:
    """A description, as a source words it; it leaves a trait out now and then."""
    kept = {name: said for name, said in traits.items() if draw.random() < 0.9}
    names = list(kept)
    draw.shuffle(names)
    if source:
        return ". ".join(kept[name].capitalize() for name in names) + "."
    return f"{draw.choice(FIRST)} " + ", ".join(kept[name] for name in names) + "."


def slip(text: str, draw: random.Random, chance: float) -> str:
    """The text with a letter left out, doubled or swapped, by that chance."""
    if draw.random() >= chance or len(text) < 3:
        return text
    at = draw.randrange(1, len(text) - 1)
    return draw.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :],
        )
    )


def persons(count: int, seed: int, at_once: int = 50_000) -> Iterator[dict[str, Sequence[Any]]]:
    """`count` records of people, 23 of 100 the second of one that came before, as columns: id,
    truth, given, family, born, city, street, mail."""
    draw = random.Random(seed)
    syllables = [c + v for c in "bdfghklmnprstvz" for v in "aeiou"]
    given = ["".join(draw.choices(syllables, k=draw.randint(2, 3))) for _ in range(GIVEN)]
    family = ["".join(draw.choices(syllables, k=draw.randint(2, 5))) for _ in range(SURNAMES)]
    streets = ["".join(draw.choices(syllables, k=4)) for _ in range(20_000)]
    cities = ["".join(draw.choices(syllables, k=3)) for _ in range(2_000)]
    names = ("id", "truth", "given", "family", "born", "city", "street", "mail")
    before: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    for number in range(count):
        if before and draw.random() < 0.23:
            truth, *said = before.pop(draw.randrange(len(before)))
            said = [slip(one, draw, 0.12) if draw.random() > 0.04 else None for one in said]
        else:
            truth = number
            one, other = draw.choice(given), draw.choice(family)
            day = f"{draw.randint(1930, 2010)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            street = f"{draw.choice(streets)} {draw.randint(1, 120)}"
            said = [one, other, day, draw.choice(cities), street, f"{one}.{other}{number % 97}"]
            before.append((truth, *said))
            if len(before) > 100_000:
                before.pop(draw.randrange(len(before)))
        rows.append((f"p{number}", truth, *said))
        if len(rows) == at_once or number == count - 1:
            yield dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
            rows = []
