from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from qr import Drawing, Minted, QrSettings, TooMuchToDraw, draw

PIXELS = 4
RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def rendered(drawing: Drawing) -> Image.Image:
    """The picture that the path draws, by a reader of its own."""
    picture = Image.new("L", (drawing.size * PIXELS,) * 2, 255)
    pen = ImageDraw.Draw(picture)
    assert RUN.sub("", drawing.path) == ""
    for x, y, length, back in (tuple(map(int, run)) for run in RUN.findall(drawing.path)):
        assert length == back
        pen.rectangle((x * PIXELS, y * PIXELS, (x + length) * PIXELS - 1, (y + 1) * PIXELS - 1), fill=0)
    return picture


def read(drawing: Drawing) -> zxingcpp.Barcode:
    (found,) = zxingcpp.read_barcodes(rendered(drawing))
    return found


@pytest.mark.parametrize("mask", range(8))
def test_a_reader_reads_the_drawn_code(minted: Minted, mask: int) -> None:
    for text in (minted.url, minted.digits):
        assert read(draw(text, mask)).text == text


def test_level_m_and_the_version_of_the_plan(minted: Minted) -> None:
    for text in (minted.url, minted.digits):
        drawing = draw(text)
        assert drawing.size == 8 * 4 + 17 + 2 * 4
        assert read(drawing).ec_level == "M"


def test_the_quiet_zone_is_white(minted: Minted) -> None:
    drawing = draw(minted.url)
    for x, y, length, _ in (tuple(map(int, run)) for run in RUN.findall(drawing.path)):
        assert 4 <= x < x + length <= drawing.size - 4
        assert 4 <= y < drawing.size - 4


@pytest.mark.parametrize("digits", [1, 2, 3, 34, 35, 300, 365, 366, 552, 553, 4000, 5596])
def test_every_length_fits_the_version_that_was_computed(digits: int) -> None:
    text = "1" * digits
    assert read(draw(text)).text == text


@pytest.mark.parametrize("letters", [1, 2, 19, 20, 21, 200])
def test_letters_and_digits_together(letters: int) -> None:
    text = "V" * letters + "9" * 100
    assert read(draw(text)).text == text


def test_letters_alone() -> None:
    assert read(draw("HTTPS://A.CN/V/")).text == "HTTPS://A.CN/V/"


@pytest.mark.parametrize("text", ["", "https://a.cn/v/1", "执照", "１２"])
def test_what_is_neither_letters_nor_digits(text: str) -> None:
    with pytest.raises(ValueError, match="upper-case"):
        draw(text)


def test_there_is_a_largest_code() -> None:
    with pytest.raises(TooMuchToDraw):
        draw("1" * 5597)


def test_the_document_stands_alone(minted: Minted) -> None:
    drawing = draw(minted.url)
    root = ET.fromstring(drawing.svg())  # noqa: S314 - we wrote it
    assert root.get("viewBox") == f"0 0 {drawing.size} {drawing.size}"
    assert [path.get("d") for path in root][1] == drawing.path


def test_masks_are_eight() -> None:
    assert QrSettings().mask in range(8)
    for wrong in (-1, 8):
        with pytest.raises(ValueError, match="mask"):
            QrSettings(mask=wrong)
