"""`generate` and `check` for services that are not the project's own, as they are typed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import partial
from importlib import import_module
from pathlib import Path

import attrs
import botocore
import pytest

from aiopartnercentral._utils import lazy_imports
from codegen import botocore_data, emit, names, source
from codegen.__main__ import main
from codegen.build import build
from codegen.errors import SourceError, UsageError
from codegen.project import batch, summary
from codegen.services import ROOT

INSTALLED = botocore_data.installed()


def run(*command):
    done = subprocess.run(
        [sys.executable, "-m", "codegen", *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


TRY = """
import sys, asyncio
from {package} import SendMessageRequest, json_converter, connect, QueueDoesNotExist
from aiopartnercentral import EncodeError

async def main():
    async with connect(endpoint_url="http://127.0.0.1:9", region_name="eu-west-1",
                       aws_access_key_id="any", aws_secret_access_key="any") as client:
        try:
            await client.send_message(queue_url="q", message_body=1)
        except EncodeError as error:
            print(error.operation, error.path)
        print(type(client.paginate.list_queues()).__name__)

print(json_converter.dumps(SendMessageRequest(queue_url="q", message_body="hello")).decode())
asyncio.run(main())
"""


@pytest.mark.parametrize("package", ["sqs", "our.queues"])
def test_a_package_of_another_service_is_ready_for_use(tmp_path, package):
    options = ["--service", "sqs", "--output", tmp_path, *(["--package", package] if package != "sqs" else [])]
    done = run("generate", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("sqs: ")
    assert run("check", *options).returncode == 0
    used = subprocess.run(
        [sys.executable, "-c", TRY.format(package=package)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.returncode == 0, used.stderr
    assert used.stdout.splitlines() == [
        '{"QueueUrl":"q","MessageBody":"hello"}',
        "SendMessage $.MessageBody",
        "Paginator",
    ]


def test_a_package_for_another_version_of_the_library_is_refused(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run("generate", "--service", "sso", "--output", tmp_path, "--package", "for_another").returncode == 0
    monkeypatch.setattr(lazy_imports, "GENERATED_FORMAT", lazy_imports.GENERATED_FORMAT + 1)
    with pytest.raises(ImportError, match=r"^for_another was generated for another version of aiopartnercentral: gen"):
        import_module("for_another")


def test_what_is_left_out_is_said(tmp_path):
    done = run("generate", "--service", "mediastore-data", "--output", tmp_path)
    assert done.returncode == 0
    assert "omitted: mediastore-data.GetObject: GetObjectResponse.Body is a stream (trait 'payload' on a blob)" in (
        done.stdout.splitlines()
    )


def test_operations_fan_out_over_the_member_that_is_named(tmp_path):
    run("generate", "--service", "partnercentral-selling", "--output", tmp_path, "--fan-out", "Catalog")
    client = (tmp_path / "partnercentral_selling" / "client.py").read_text()
    assert "catalogs: str | Iterable[str]" in client
    run("generate", "--service", "partnercentral-selling", "--output", tmp_path / "plain")
    assert "catalogs: str" not in (tmp_path / "plain" / "partnercentral_selling" / "client.py").read_text()


def test_a_package_has_the_region_that_is_named(tmp_path):
    run("generate", "--service", "sso", "--output", tmp_path, "--region", "eu-west-1")
    assert 'region="eu-west-1"' in (tmp_path / "sso" / "operations.py").read_text()


def test_an_older_model_is_taken_where_it_is_named(tmp_path):
    versions = botocore_data.installed().versions()["cloudfront"]
    assert source.one(INSTALLED, "cloudfront", tmp_path).api_version == versions[-1]
    assert source.one(INSTALLED, "cloudfront", tmp_path, api_version=versions[0]).api_version == versions[0]


@pytest.mark.parametrize("mine", ["client.py", "notes.txt"])
def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, mine):
    path = tmp_path / "sqs" / mine
    path.parent.mkdir()
    path.write_text("mine")
    done = run("generate", "--service", "sqs", "--output", tmp_path)
    assert (done.returncode, done.stderr.strip()) == (
        1,
        f"error: {path} was not generated: nothing is written to {path.parent}",
    )
    assert list((tmp_path / "sqs").iterdir()) == [path]


@pytest.mark.parametrize("kept", [0, 7])
def test_a_file_whose_writing_was_interrupted_is_written_again(tmp_path, kept):
    run("generate", "--service", "sso", "--output", tmp_path)
    before, path = files(tmp_path), tmp_path / "sso" / "operations.py"
    path.write_bytes(path.read_bytes()[:kept])
    done = run("generate", "--service", "sso", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) == before


def test_an_empty_file_of_somebody_is_left_alone(tmp_path):
    run("generate", "--service", "sso", "--output", tmp_path)
    path = tmp_path / "sso" / "notes.py"
    path.touch()
    done = run("generate", "--service", "sso", "--output", tmp_path)
    assert (done.returncode, path.exists()) == (1, True)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--from", "x"], "--from needs --service"),
        (["--from", "x", "--all", "--output", "x"], "--from needs --service"),
        (["--service", "sqz", "--output", "x"], "the installed botocore has no service 'sqz'; did you mean sqs"),
        (["--service", "no such thing at all", "--output", "x"], "has no service 'no such thing at all'"),
        (
            ["--service", "sqs", "--output", "x", "--api-version", "2001-01-01"],
            "no version 2001-01-01 of sqs, only 2012",
        ),
        (
            ["--service", "sqs", "--output", "x", "--package", "a.import"],
            "'a.import' is not a package name that Python can import",
        ),
        (
            ["--service", "sqs", "--output", "x", "--package", "../x"],
            "'../x' is not a package name that Python can import",
        ),
        (["--service", "sqs", "--output", "x", "--package", ""], "'' is not a package name"),
        (
            ["--service", "partnercentral-selling", "--output", "x", "--fan-out", "Katalog"],
            "no paginated operation of partnercentral-selling fans out over a string 'Katalog'; did you mean Catalog?",
        ),
        (
            ["--service", "sso", "--output", "x", "--fan-out", "maxResults"],
            "of sso fans out over a string 'maxResults'",
        ),
        *(
            (["--service", "sqs", "--output", "x", "--region", name], f"{name!r} is not a region")
            for name in ("", "us east 1", "us-east-1-", "us-east-1.example", "1", "us-east-1\n")
        ),
        (["--service", "sqs"], "--output needs --service or --all"),
        (["--output", "x"], "--output needs --service or --all"),
        (["--all"], "--output needs --service or --all"),
        (["--all", "--output", "x", "--package", "p"], "--package needs --service"),
        (["--all", "--output", "x", "--fan-out", "p"], "--fan-out needs --service"),
        (["--all", "--output", "x", "--region", "p"], "--region needs --service"),
        (["--all", "--output", "x", "--jobs", "0"], "--jobs must be at least 1"),
        (["--service", "sqs", "--output", "x", "--jobs", "2"], "--jobs needs --all"),
        (["--service", "sqs", "--output", "x", "--summary", "s"], "--summary needs --all"),
        (["--service", "sqs", "--all", "--output", "x"], "not allowed with argument"),
    ],
)
@pytest.mark.parametrize("command", ["generate", "check"])
def test_options_that_mean_nothing_are_refused(command, options, text):
    done = run(command, *options)
    assert done.returncode == 2
    assert text in done.stderr
    assert not (ROOT / "x").exists()


def test_a_keyword_is_no_package():
    assert source.one(INSTALLED, "lambda", ROOT).package == "lambda_"
    with pytest.raises(UsageError, match="is not a package name"):
        source.one(INSTALLED, "lambda", ROOT, package="lambda")


def test_no_package_hides_a_module_of_the_standard_library():
    assert source.one(INSTALLED, "pipes", ROOT).package == "pipes_"
    assert not {config.package for config in batch.every(ROOT)} & sys.stdlib_module_names


def test_imports_are_in_the_same_order_on_every_interpreter(monkeypatch):
    def client():
        return emit.texts(built, names.name(built))["client.py"]

    built = build(source.of_installed(source.one(INSTALLED, "sso", ROOT, package="pipes")))
    monkeypatch.setattr(sys, "stdlib_module_names", sys.stdlib_module_names | {"pipes"})
    first = client()
    monkeypatch.setattr(sys, "stdlib_module_names", sys.stdlib_module_names - {"pipes"})
    assert client() == first


def test_a_package_says_that_it_is_typed_unless_the_one_around_it_does(tmp_path):
    run("generate", "--service", "sso", "--output", tmp_path, "--package", "our.sign_on")
    marker = tmp_path / "our" / "sign_on" / "py.typed"
    assert marker.read_text().startswith("# Generated")
    marker.write_text("")  # as whoever misses it makes it
    assert run("generate", "--service", "sso", "--output", tmp_path, "--package", "our.sign_on").returncode == 0
    assert marker.read_text()
    assert list((ROOT / "src").rglob("py.typed")) == [ROOT / "src" / "aiopartnercentral" / "py.typed"]


def test_every_model_has_a_package_of_its_own():
    configs = batch.every(ROOT)
    assert len({config.package for config in configs}) == len(configs) > 400
    assert {config.package for config in configs if config.name == "elasticache"} >= {"elasticache"}


class Batch:
    """A few services generated as `--all` does it."""

    def __init__(self, folder, names=("sso", "account", "pricing")):
        self.folder = folder
        self.configs = [source.one(INSTALLED, name, folder) for name in names]
        self.told = []

    def run(self, *, only_check=False):
        self.told.clear()
        return batch.run(
            self.configs,
            self.folder,
            jobs=2,
            only_check=only_check,
            progress=lambda result, done, total: self.told.append((result.service, done, total)),
        )


@pytest.fixture
def some(tmp_path):
    return Batch(tmp_path / "out")


def test_many_are_generated_at_once_in_the_order_asked_for(some):
    results = some.run()
    assert [result.service for result in results] == ["sso", "account", "pricing"]
    assert sorted(name for name, _, _ in some.told) == ["account", "pricing", "sso"]
    assert [(done, total) for _, done, total in some.told] == [(1, 3), (2, 3), (3, 3)]
    assert all(result.problems and result.operations and result.types and not result.error for result in results)
    assert [result.protocol for result in results] == ["rest-json", "rest-json", "json"]


def test_what_cannot_have_changed_is_not_made_again(some, monkeypatch):
    first, before = some.run(), files(some.folder)
    # Workers inherit this: whoever reads a model now fails.
    monkeypatch.setattr(source, "of_installed", None)
    again = some.run()
    assert again == [attrs.evolve(result, problems=()) for result in first]
    assert some.run(only_check=True) == again
    assert files(some.folder) == before


def edit(path):
    path.write_bytes(path.read_bytes() + b"\n")


def orphan(path):
    (path.parent / "extra.py").write_bytes(path.read_bytes())


@pytest.mark.parametrize("spoil", [edit, orphan, lambda path: path.unlink()], ids=["edit", "orphan", "delete"])
def test_a_difference_is_found_and_repaired_though_nothing_else_is_looked_at(some, spoil):
    some.run()
    before = files(some.folder)
    spoil(some.folder / "pricing" / "operations.py")
    checked = {result.service: result.problems for result in some.run(only_check=True)}
    assert [checked["sso"], checked["account"], len(checked["pricing"])] == [(), (), 1]
    repaired = {result.service: result.problems for result in some.run()}
    assert [repaired["sso"], repaired["account"], len(repaired["pricing"])] == [(), (), 1]
    assert files(some.folder) == before
    assert not any(result.problems for result in some.run(only_check=True))


def told(manifest, value):
    """Damage what the manifest has to tell of a package that is up to date."""
    entries = json.loads(manifest.read_bytes())
    entries["sso"]["told"] = value
    manifest.write_text(json.dumps(entries))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda manifest: manifest.unlink(),
        *(partial(Path.write_text, data=text) for text in ("{", "[]", '{"sso": 1}', '{"sso": {"inputs": ""}}')),
        *(partial(told, value=value) for value in (None, 5, [], {}, {"service": "sso"})),
        lambda manifest: told(manifest, {**json.loads(manifest.read_bytes())["sso"]["told"], "operations": "many"}),
        lambda manifest: told(manifest, {**json.loads(manifest.read_bytes())["sso"]["told"], "omissions": 5}),
    ],
)
def test_a_manifest_that_cannot_be_read_costs_time_alone(some, spoil):
    some.run()
    before = files(some.folder)
    spoil(some.folder / batch.MANIFEST)
    assert not any(result.problems for result in some.run())
    assert files(some.folder) == before


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (SourceError("account is spoiled"), "account is spoiled"),
        (RecursionError("too deep"), "the generator failed: RecursionError: too deep"),
    ],
)
def test_a_model_that_cannot_be_honoured_stops_no_other(some, monkeypatch, failure, told):
    real = source.of_installed

    def of_installed(config):
        if config.name == "account":
            raise failure
        return real(config)

    monkeypatch.setattr(source, "of_installed", of_installed)
    sso, account, pricing = some.run()
    assert (account.error, account.problems, account.protocol) == (told, (), "")
    assert sso.problems
    assert pricing.problems
    document = summary.text([sso, account, pricing], "1.2.3").splitlines()
    assert "3 models: 2 generated, 1 unsupported." in document
    assert any(line.startswith("| account | ") and line.endswith(f"unsupported: {told} |") for line in document)


def test_a_package_with_something_else_in_it_stops_no_other(some):
    mine = some.folder / "account" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    sso, account, pricing = some.run()
    assert account.error == f"{mine} was not generated: nothing is written to {mine.parent}"
    assert list(mine.parent.iterdir()) == [mine]
    assert sso.problems
    assert pricing.problems


def test_the_summary_in_the_documentation_is_what_the_command_writes_of_its_botocore():
    text = (ROOT / "docs" / "all-services.md").read_text()
    version = text.partition("models of botocore ")[2].partition(".\n")[0]
    if version != botocore.__version__:
        pytest.skip(f"it is of botocore {version}")
    rows = {tuple(line.split(" | ")[:2]) for line in text.splitlines() if line.startswith("| ")}
    wanted = {(f"| {config.name}", config.api_version) for config in batch.every(ROOT)}
    assert rows == wanted | {("| service", "version")}


@pytest.mark.parametrize("which", [("--service", "sqs"), ("--all",)])
def test_without_the_formatter_nothing_is_begun(tmp_path, monkeypatch, capsys, which):
    monkeypatch.setitem(sys.modules, "ruff", None)
    assert main(["generate", *which, "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "python -m codegen: error: ruff is not installed; the extra `codegen` has it\n"
    assert list(tmp_path.iterdir()) == []


def test_a_package_is_made_from_a_botocore_that_is_not_installed(tmp_path):
    model = Path(botocore.__file__).parent / "data" / "sso" / "2019-06-10"
    with zipfile.ZipFile(tmp_path / "botocore.whl", "w") as wheel:
        wheel.writestr("botocore/__init__.py", "__version__ = '9.9.9'")
        for path in model.glob("*"):
            wheel.write(path, f"botocore/data/mine/2027-01-01/{path.name}")
    done = run("generate", "--service", "mine", "--from", tmp_path / "botocore.whl", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2027-01-01" in (tmp_path / "mine" / "operations.py").read_text()
    assert run("check", "--service", "mine", "--from", tmp_path / "botocore.whl", "--output", tmp_path).returncode == 0


@pytest.fixture(scope="module")
def installed_package(tmp_path_factory):
    """Return a directory in which the package is laid out as it is in the wheel."""
    root = tmp_path_factory.mktemp("site-packages")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    left_out = {ROOT / path.strip("/") for path in project["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]}

    def ignored(folder, names):
        return {name for name in names if name == "__pycache__" or Path(folder, name) in left_out}

    for folder, target in (
        ("src", "."),
        ("codegen", "aiopartnercentral/codegen"),
        ("service-model", "aiopartnercentral/service-model"),
    ):
        shutil.copytree(ROOT / folder, root / target, dirs_exist_ok=True, ignore=ignored)
    return root


def run_installed(root, *command):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "aiopartnercentral.codegen", *map(str, command)],
        cwd=root.parent, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_wheel_has_the_same_generator(installed_package, tmp_path):
    for runs, *options in ((partial(run_installed, installed_package), tmp_path / "a"), (run, tmp_path / "b")):
        done = runs("generate", "--service", "pricing", "--output", *options)
        assert done.returncode == 0, done.stderr
    assert files(tmp_path / "a") == files(tmp_path / "b")
    done = run_installed(installed_package, "check", "--service", "pricing", "--output", tmp_path / "a")
    assert (done.returncode, done.stderr) == (0, "")
    done = run_installed(installed_package, "generate", "--service", "pricing")
    assert (done.returncode, done.stderr) == (
        2,
        "python -m aiopartnercentral.codegen: error: --output needs --service, and it needs --output\n",
    )


@pytest.mark.parametrize("command", ["generate", "check"])
def test_the_projects_own_packages_are_generated_in_a_checkout(installed_package, command):
    done = run_installed(installed_package, command)
    assert done.returncode == 2
    assert f"error: {command} is for the project's own packages in a checkout of its repository" in done.stderr


@pytest.mark.parametrize("command", [["sync"], ["drift"], ["generate", "--all", "--output", "x"]])
def test_the_wheel_says_which_commands_it_does_not_have(installed_package, command):
    assert run_installed(installed_package, *command).returncode == 2
    told = run_installed(installed_package, "--help").stdout
    assert "Not in the wheel, only in a checkout of the repository: sync, drift and --all." in " ".join(told.split())
