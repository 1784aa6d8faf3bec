from __future__ import annotations

from ingest.mapping.union import union
from kg_platform.records import Entity, FieldRejection, MediaRef


def test_what_rows_say_of_one_entity_is_put_together() -> None:
    first = Entity("p", "Person", "Ann", "", ("A",), {"born": 1970}, (MediaRef("a.jpg"),), "a", 2)
    later = Entity("p", None, "Anne", "A text.", (), {"born": 1970, "city": "Rome"},
                   (MediaRef("a.jpg"), MediaRef("b.jpg")), "b", 9)  # fmt: skip
    one, refused = union([first, later])
    assert refused == []
    assert (one.type, one.label, one.description) == ("Person", "Ann", "A text.")
    assert one.aliases == ("A", "Anne")
    assert one.properties == {"born": 1970, "city": "Rome"}
    assert [(m.location, m.rank) for m in one.media] == [("a.jpg", 0), ("b.jpg", 1)]
    assert (one.source, one.line) == ("a", 2)


def test_what_contradicts_is_refused_and_says_what_stands() -> None:
    rows = [
        Entity("p", "Person", "Ann", properties={}, source="a", line=2),
        Entity("p", "Person", "Ann", properties={"born": 1970}, source="a", line=3),
        Entity("p", "Ghost", "Ann", properties={"born": "1970"}, source="b", line=4),
    ]
    one, refused = union(rows)
    assert one.type == "Person"
    assert one.properties == {"born": 1970}
    why = "line {} of a says something else about this id, and stands"
    assert refused == [
        FieldRejection("b", 4, "type", why.format(2), "Ghost"),
        FieldRejection("b", 4, "born", why.format(3), "1970"),
    ]


def test_media_of_one_role_have_places_of_their_own_in_the_order_of_rows() -> None:
    def row(*media: MediaRef) -> Entity:
        return Entity("p", media=media)

    one, _ = union([
        row(MediaRef("a.jpg", rank=0), MediaRef("c.jpg", rank=2), MediaRef("a.wav", "audio")),
        row(MediaRef("a.jpg", rank=0), MediaRef("b.jpg", rank=0), MediaRef("b.wav", "audio")),
        row(MediaRef("d.jpg", rank=0), MediaRef("e.jpg", rank=9), MediaRef("f.mp4", "video")),
    ])  # fmt: skip
    assert [(m.location, m.rank) for m in one.media] == [
        ("a.jpg", 0), ("c.jpg", 2), ("a.wav", 0), ("b.jpg", 1), ("b.wav", 1), ("d.jpg", 3),
        ("e.jpg", 9), ("f.mp4", 0),
    ]  # fmt: skip
