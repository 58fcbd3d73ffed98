"""`ondine convert` asked wrongly: one sentence, the right exit code, no traceback and no file."""

from pathlib import Path

import pytest

from device.cli import cli
from tests.bundles import save, tiny_effect
from tests.oracle.nn_module import build


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("text.ts").write_text("a model, honestly")
    Path("folder.ondine").mkdir()
    save(tiny_effect(), Path("effect.ondine"))
    build("static").save("static.ts")
    build("branches_on_state").save("branches.ts")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Missing argument 'MODEL'"),
        (["none.ts"], 1, "there is no file none.ts"),
        (["text.ts"], 1, "text.ts is no TorchScript file"),
        (["effect.ondine"], 1, "effect.ondine is an Ondine bundle already"),
        (["branches.ts"], 1, "`process` reads a value while it runs"),
        (["static.ts", "--block", "100"], 1, "a block of 100 frames is not allowed"),
        (["static.ts", "--block", "0"], 1, "a block of 0 frames is not allowed"),
        (["static.ts", "--block", "-64"], 1, "a block of -64 frames is not allowed"),
        (["static.ts", "--block", "128.5"], 2, "128.5"),
        (["static.ts", "--block", "1000000"], 1, "1 to 65536 frames are"),
        (["static.ts", "--precision", "fp64"], 2, "fp64"),
        (["static.ts", "--blok", "64"], 2, "--blok"),
        (["static.ts", "-o", "out.wav"], 1, "out.wav does not end in .ondine"),
        (["static.ts", "-o", "none/out.ondine"], 1, "cannot write none/out.ondine"),
        (["static.ts", "-o", "folder.ondine"], 1, "cannot write folder.ondine"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    folder: Path,
    arguments: list[str],
    code: int,
    sentence: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["convert", *arguments])
    complaint = capfd.readouterr().err.strip()
    assert ended.value.code == code
    assert sentence in complaint
    assert complaint.startswith("ondine: ")
    assert "\n" not in complaint
    assert "Traceback" not in complaint
    assert sorted(folder.rglob("*")) == before
