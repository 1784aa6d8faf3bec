"""Pictures of drugs, drawn: the colour is the class's, the shape the form's."""

from __future__ import annotations

from pathlib import Path

SIZE = 96


def draw_pill(path: Path, colour: str, form: str) -> None:
    """A PNG of 96 x 96 pixels."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (SIZE, SIZE), "white")
    pen = ImageDraw.Draw(picture)
    if form == "tablet":
        pen.ellipse((18, 18, 78, 78), fill=colour, outline="black")
        pen.line((48, 22, 48, 74), fill="black", width=2)
    elif form == "capsule":
        pen.rounded_rectangle((8, 32, 88, 64), 16, fill=colour, outline="black")
        pen.rectangle((48, 32, 72, 64), fill="white", outline="black")
    elif form == "solution":
        pen.rectangle((30, 24, 66, 88), fill=colour, outline="black")
        pen.rectangle((40, 8, 56, 24), fill="gray", outline="black")
    else:
        pen.rectangle((16, 16, 80, 80), fill=colour, outline="black")
        pen.rectangle((32, 32, 64, 64), outline="white", width=3)
    picture.save(path, "PNG")
