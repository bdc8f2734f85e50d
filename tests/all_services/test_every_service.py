"""Packages generated from the models of other services: a sample that stands for all, or all of them.

`nox -s all-services` generates every model of the installed botocore, and has this run over the result: the environment
variable `ALL_SERVICES` names the folder. Without it the packages of the sample are generated here.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import attrs
import botocore
import pytest

from codegen import check, source
from codegen.build import build
from codegen.project import batch
from codegen.services import ROOT
from tests.all_services import properties, sample
from tests.support.generated_package import executed

FOLDER = os.environ.get("ALL_SERVICES")
EVERY = {(config.name, config.api_version): config for config in batch.every(Path(FOLDER or "nowhere"))}
IS_OLD = tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 43)
"""Whether botocore is older than the models of the sample, of which it lacks some then."""
SAMPLE = [model for model in sample.SAMPLE if model in EVERY or not IS_OLD]
MODELS = sorted(EVERY if FOLDER else SAMPLE)
FEW_SHAPES = 320


def generated(model, folder, monkeypatch):
    """Return the configuration of a package that is there to be imported."""
    config = EVERY[model]
    if FOLDER is None:
        config = attrs.evolve(config, root=folder)
        check.write(check.render(source.of_installed(config)), config.output, is_ours=False)
    monkeypatch.syspath_prepend(str(config.root))
    return config


@pytest.fixture
def forget():
    """Unload the packages that a test has loaded: all at once are too many for a machine."""
    yield
    packages = {config.package for config in EVERY.values()}
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]
    gc.collect()


@pytest.mark.usefixtures("forget")
@pytest.mark.parametrize("model", MODELS, ids=" ".join)
def test_a_package_does_what_botocore_does(model, tmp_path, monkeypatch):
    config = generated(model, tmp_path, monkeypatch)
    package = executed(source.of_installed(config))
    assert properties.check(package) >= len(package.service.operations)


@pytest.mark.skipif(IS_OLD, reason="the sample has models that botocore lacks")
def test_the_sample_has_everything_that_any_model_has():
    everything = {trait for model in EVERY for trait in sample.traits(sample.model(*model))}
    assert everything == {trait for model in sample.SAMPLE for trait in sample.traits(sample.model(*model))}


def test_only_what_streams_is_left_out_of_the_sample():
    for model in SAMPLE:
        service = build(source.of_installed(EVERY[model]))
        for omission in service.omissions:
            assert not omission.refused or " is a stream" in omission.reason, omission


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checked")
    for model in SAMPLE:
        config = attrs.evolve(EVERY[model], root=folder)
        check.write(check.render(source.of_installed(config)), config.output, is_ours=False)
    return folder


def run(folder, *command):
    environment = {**os.environ, "MYPYPATH": os.pathsep.join([str(folder), str(ROOT / "src")])}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_types_of_a_sample_are_right(checked):
    pytest.importorskip("mypy", reason="mypy is in the extra `typing`")
    # All of them take a minute.
    few = [model for model in SAMPLE if FOLDER or len(sample.model(*model)["shapes"]) <= FEW_SHAPES]
    packages = [str(EVERY[model].package) for model in few]
    # With the cache of other runs, which know the library and what it imports.
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    done = run(checked, "mypy", *options, *packages)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_sample_is_clean_under_the_rules_of_the_project(checked):
    rules = ROOT / "tests" / "codegen" / "golden" / "ruff.toml"
    (checked / "ruff.toml").write_text(rules.read_text().replace("../../..", str(ROOT)))
    for command in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        done = run(checked, "ruff", *command, ".")
        assert done.returncode == 0, done.stdout + done.stderr
