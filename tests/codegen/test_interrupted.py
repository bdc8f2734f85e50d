"""Generation that is interrupted or killed leaves whole packages, and no process or file behind."""

from __future__ import annotations

import pytest

from codegen import check

OLD = {"__init__.py": b'"""Old."""\n', "fast/a.py": b'"""Old."""\n', "gone.py": b'"""Old."""\n'}
NEW = {"__init__.py": b'"""New."""\n', "fast/a.py": b'"""New."""\n', "fast/b.py": b'"""New."""\n'}


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class Stopping(dict):
    """Files of which the one after `count` interrupts its own writing."""

    def __init__(self, files, count):
        super().__init__(files)
        self.count = count

    def items(self):
        for index, item in enumerate(super().items()):
            if index == self.count:
                raise KeyboardInterrupt
            yield item


@pytest.mark.parametrize("count", range(len(NEW)))
def test_a_package_is_as_it_was_when_its_writing_is_interrupted(tmp_path, count):
    folder = tmp_path / "package"
    check.write(OLD, folder, is_ours=True)
    with pytest.raises(KeyboardInterrupt):
        check.write(Stopping(NEW, count), folder, is_ours=True)
    assert content(folder) == OLD
    assert list(tmp_path.iterdir()) == [folder]


def test_what_a_kill_left_is_cleared_away(tmp_path):
    folder = tmp_path / "package"
    for left in (".package.new", ".package.old"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "half.py").touch()
    assert len(check.write(OLD, folder, is_ours=True)) == len(OLD)
    assert {path.name for path in check.write(NEW, folder, is_ours=True)} == {"__init__.py", "a.py", "b.py", "gone.py"}
    assert content(folder) == NEW
    assert list(tmp_path.iterdir()) == [folder]


def test_a_link_to_a_folder_stays_one(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    check.write(OLD, link, is_ours=True)
    assert link.is_symlink()
    assert content(real) == OLD
