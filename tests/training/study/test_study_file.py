"""The study's file: what it says, and every mistake in it at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_study import STUDY

from ifir_eval.errors import IfirEvalError
from ifir_eval.training.study.cells import BASE, Arm
from ifir_eval.training.study.definition import Pair, read_study

PART = '[[parts]]\nviews = ["original"]\nsources = { mirror-train = 1 }\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("plain", "dual"):
        (tmp_path / f"{name}.toml").write_text(PART, encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def test_a_study_is_a_grid_whose_first_seeds_come_first(folder: Path) -> None:
    """A study that is cut off half-way has seen every arm already."""
    study = read_study(written(folder, STUDY))
    assert [pair.new for pair in study.compare] == ["dual", "dual"]
    assert study.compare[1] == Pair("dual", BASE)
    keys = study.keys()
    assert len(keys) == 1 + 2 * 2 * 2
    assert keys[0].arm == Arm("{folder}/base", BASE)
    assert [key.seed for key in keys] == [0, *[1] * 4, *[2] * 4]
    assert {key.arm for key in keys[:5]} == set(study.arms())
    assert len({key.name for key in keys}) == len(keys)


def test_base_and_trained_models_are_asked_in_the_same_way(folder: Path) -> None:
    """A base read at 256 tokens beside checkpoints read at 32 would show the length, not the training."""
    study = read_study(written(folder, STUDY.replace('device = "cpu"', 'dtype = "bfloat16"')))
    assert (study.evaluation.max_length, study.evaluation.dtype) == (32, "bfloat16")
    assert study.recipe.as_options().max_length == 32


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    """In the file's form, in its mixes' files, in the recipe."""
    text = (
        STUDY.replace("seeds = [1, 2]", "seeds = [0, 1.5]\nmeasure = 3")
        .replace('budgets = ["16 rows", "32 rows"]', 'budgets = ["many", "64 rows", "64"]')
        .replace('name = "tiny"', 'name = "tiny"\ndev = "{folder}/following/"')
        .replace('general = ["{folder}/general/"]', 'general = ["{folder}/following/"]')
        .replace('"dual.toml"]', '"dual.toml", "missing.toml"]')
        .replace('["dual", "base"]', '["duel", "base"]')
        .replace("learning_rate = 1e-3", "learning_rate = -1\nseed = 4")
        .replace('device = "cpu"', 'backend = "openvino"')
    )
    with pytest.raises(IfirEvalError) as caught:
        read_study(written(folder, text))
    told = str(caught.value)
    for mistake in (
        "there is no key of a study 'measure'",
        "'many' is no budget",
        "'budgets' names '64 rows' twice",
        "following/' picks checkpoints as 'dev', so it cannot judge them as well",
        "'seeds' must be a list of whole numbers above 0",
        "cannot judge both following and general quality",
        "missing.toml",
        "'duel'; did you mean dual?",
        "there is no setting of [recipe] 'seed'",
        "there is no setting of [evaluation] 'backend'",
    ):
        assert mistake in told


def test_a_list_in_place_of_a_text_is_a_sentence(folder: Path) -> None:
    text = STUDY.replace('name = "tiny"', 'name = "tiny"\ndev = ["mirror-dev"]')
    with pytest.raises(IfirEvalError, match="'dev' must be a string"):
        read_study(written(folder, text))


def test_a_setting_of_the_wrong_kind_is_a_sentence(folder: Path) -> None:
    with pytest.raises(IfirEvalError, match="batch_rows is '16', but must be a whole number"):
        read_study(written(folder, STUDY.replace("batch_rows = 16", 'batch_rows = "16"')))
    with pytest.raises(IfirEvalError, match=r"\[evaluation\] has a value of the wrong kind"):
        read_study(written(folder, STUDY.replace('device = "cpu"', 'batch_tokens = "16"')))


def test_mixes_cannot_share_a_name_or_be_called_base(folder: Path) -> None:
    (folder / "dual.toml").write_text(f'name = "plain"\n{PART}', encoding="utf-8")
    with pytest.raises(IfirEvalError, match="two mixes are called 'plain'"):
        read_study(written(folder, STUDY.replace("compare = ", "# ")))
    (folder / "dual.toml").write_text(f'name = "base"\n{PART}', encoding="utf-8")
    with pytest.raises(IfirEvalError, match="a mix cannot be called 'base'"):
        read_study(written(folder, STUDY.replace("compare = ", "# ")))


def test_what_is_no_study_is_said_in_one_sentence(folder: Path) -> None:
    with pytest.raises(IfirEvalError, match="there is no study"):
        read_study(folder / "absent.toml")
    with pytest.raises(IfirEvalError, match="not valid TOML"):
        read_study(written(folder, "bases = ["))


def test_the_studies_of_this_project_can_be_read() -> None:
    """With all their mixes; the one that stands for the paper's arms has two budgets and three seeds."""
    folder = Path(__file__).parents[3] / "baselines" / "studies"
    studies = {file.stem: read_study(file) for file in folder.glob("*.toml")}
    assert set(studies) == {"minilm", "reversals", "tiny"}
    assert len(studies["minilm"].keys()) == 1 + 8 * 2 * 3
