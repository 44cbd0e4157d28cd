"""The confusion matrix as a picture."""

from __future__ import annotations

import numpy as np

from trainer.retraining.tensorboard import draw_confusion

GREEN, RED, WHITE = (46, 125, 50), (198, 40, 40), (255, 255, 255)


def cell_colour(confusion: np.ndarray, row: int, column: int) -> tuple[int, ...]:
    """The colour in a corner of a cell of the drawn matrix, where there is no number."""
    picture = draw_confusion(confusion, [f"class {index}" for index in range(len(confusion))])
    return picture.getpixel((150 + column * 64 + 5, 150 + row * 64 + 5))


def test_right_answers_are_green_and_wrong_ones_red() -> None:
    """A full row is in full colour; an empty cell is white; rows are true classes."""
    confusion = np.array([[5, 0], [7, 0]])
    assert cell_colour(confusion, 0, 0) == GREEN
    assert cell_colour(confusion, 1, 0) == RED
    assert cell_colour(confusion, 0, 1) == cell_colour(confusion, 1, 1) == WHITE


def test_a_larger_share_is_deeper() -> None:
    """Colour falls off with the share of the row, as its square root."""
    confusion = np.array([[3, 1], [0, 0]])
    assert cell_colour(confusion, 0, 1) == tuple(round(255 + (part - 255) * 0.5) for part in RED)
    assert cell_colour(confusion, 1, 1) == WHITE


def test_size_follows_the_number_of_classes() -> None:
    """Five classes give a picture of five cells and their margin; the same matrix gives the same picture."""
    first, second = (draw_confusion(np.eye(5, dtype=int), "abcde") for _ in range(2))
    assert first.size == (480, 480)
    assert first.mode == "RGB"
    assert first.tobytes() == second.tobytes()


def test_names_and_numbers_are_drawn() -> None:
    """Another label or another count in the same proportion changes the picture."""
    plain = draw_confusion(np.array([[1, 0], [0, 1]]), ["rose", "tulip"]).tobytes()
    assert draw_confusion(np.array([[1, 0], [0, 1]]), ["rose", "tuliq"]).tobytes() != plain
    assert draw_confusion(np.array([[2, 0], [0, 1]]), ["rose", "tulip"]).tobytes() != plain


def test_hundreds_of_classes_still_fit_into_memory() -> None:
    """The picture stops growing at about 4,000 pixels, with every cell still in its place."""
    picture = draw_confusion(np.eye(400, dtype=int), [f"class {index}" for index in range(400)])
    assert max(picture.size) <= 4300
    assert picture.getpixel((150 + 10 * 399 + 2, 150 + 10 * 399 + 2)) == GREEN
    assert picture.getpixel((150 + 10 * 399 + 2, 152)) == WHITE


def test_labels_of_any_script_are_drawn() -> None:
    """Names beyond ASCII and of any length do not end the run."""
    assert draw_confusion(np.eye(2, dtype=int), ["Gänseblümchen" * 9, "蒲公英"]).size == (288, 288)
