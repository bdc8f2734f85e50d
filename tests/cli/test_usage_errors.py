"""Options that exclude each other, and files with mistakes: one clear line, and the exit code of wrong usage."""

from __future__ import annotations

import json
import re
import shlex

import anyio
import pytest

from aiopartnercentral.emulator import Emulator
from tests.cli.processes import PYTHON
from tests.cli.service import sources_file

pytestmark = pytest.mark.anyio

CONNECTIONS = ("collect", "list-connections")
AWS = ("--catalog", "AWS")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["nothing to collect: pass --catalog or --sources"]),
        ([*AWS, "--sources", "s"], ["--sources and --catalog exclude each other"]),
        (["--sources", "s", "--profile", "p"], ["--sources and --profile exclude each other"]),
        (["--sources", "s", "--region", "us-east-1"], ["--sources and --region exclude each other"]),
        (["--sources", "s", "--endpoint-url", "http://h"], ["--sources and --endpoint-url exclude each other"]),
        (
            [*AWS, "--ordered", "--checkpoint", "c", "--output", "o.ndjson"],
            ["--ordered and --checkpoint exclude each other"],
        ),
        ([*AWS, "--ordered", "--output", "{label}.ndjson"], ["--ordered and a template in --output exclude"]),
        ([*AWS, "--ordered", "--output", "a.jsonl.gz"], ["--ordered and the extension .gz of --output exclude"]),
        ([*AWS, "--ordered", "--output", "a.parquet"], ["--ordered and --format parquet exclude"]),
        ([*AWS, "--ordered", "--output", "a.csv.gz"], ["--ordered and the extension .gz of --output exclude"]),
        (
            [*AWS, "--format", "csv", "list-partners"],
            ["--format csv of several listings needs {operation} in --output"],
        ),
        ([*AWS, "--format", "csv", "--checkpoint", "c"], ["--checkpoint needs --output and a file"]),
        ([*AWS, "--bom"], ["--bom is an option of --format csv, not of ndjson"]),
        ([*AWS, "--format", "csv", "--envelope"], ["--envelope is an option of --format ndjson, not of csv"]),
        (
            [*AWS, "--format", "table", "--columns", "id"],
            ["--columns is an option of --format csv and parquet, not of"],
        ),
        ([*AWS, "--output", "a.parquet", "--explode", "x"], ["--explode is an option of --format csv, not of parquet"]),
        ([*AWS, "--formulas", "escape"], ["--formulas is an option of --format csv, not of ndjson"]),
        ([*AWS, "--format", "csv", "--columns", "id,nmae"], ["--columns must be one of 8 names, not 'nmae'", "'arn'"]),
        ([*AWS, "--output", "a.parquet", "--columns", "id,id"], ["--columns must not contain 'id' twice"]),
        ([*AWS, "--format", "csv", "--explode", "id"], ["--explode must be 'connection_types', not 'id'"]),
        (
            [*AWS, "--since", "2020-01-01"],
            ["--since is not possible for list-connections: ", "Name such listings in `--whole`"],
        ),
        ([*AWS, "--format", "parquet"], ["--format parquet needs --output"]),
        ([*AWS, "--checkpoint", "c"], ["--checkpoint needs --output and a file"]),
        ([*AWS, "--restart"], ["--restart needs --checkpoint"]),
        ([*AWS, "--report", "{account}.json"], ["--report names one file: its name can contain {date}, but no other"]),
        ([*AWS, "--report", "{.json"], ["--report names one file", "write {{ and }} for braces"]),
        (
            [*AWS, "--malformed", "{date}-{label}", "--format", "csv"],
            ["--malformed names one file: its name can contain {date}, but no other placeholder"],
        ),
        (
            [*AWS, "--checkpoint", "{date}.json", "--output", "{date}.ndjson"],
            ["--checkpoint cannot contain {date}: the next run must find it"],
        ),
        ([*AWS, "--checkpoint-max-age", "1d"], ["--checkpoint-max-age needs --checkpoint"]),
        ([*AWS, "--checkpoint", "c", "--output", "t", "--format", "table"], ["--checkpoint and --format table"]),
        ([*AWS, "--output", "{label}", "--format", "table"], ["--format table and a template in --output"]),
        ([*AWS, "--output", "{lable}.csv"], ["{lable}.csv", "{label}"]),
        ([*AWS, "--output", "a.parquet.gz"], ["parquet"]),
        ([*AWS, "--output", "a.csv", "list-partners"], ["{operation}", "a.csv"]),
        ([*AWS, "--malformed", "m"], ["--malformed and --format ndjson exclude each other"]),
        ([*AWS, "--malformed", "{label}", "--output", "a.csv"], ["--malformed names one file"]),
        ([*AWS, "--report", "-"], ["--report - and --output - exclude each other"]),
        (
            [*AWS, "--report", "./x.json", "--output", "x.json", "--format", "csv"],
            ["--output and --report name the same file"],
        ),
        ([*AWS, "--output", "out.parqet"], ["--output must end in .ndjson, .jsonl, .csv (each", "given: out.parqet"]),
        ([*AWS, "--output", "a.csv.bz2"], [".parquet, as .bz2 is not supported: a.csv.bz2"]),
        ([*AWS, "--output", "a.csv.BZ2", "--format", "csv"], [".parquet, as .bz2 is not supported: a.csv.BZ2"]),
        ([*AWS, "--output", "{label}.tgz", "--format", "ndjson"], [".parquet, as .tgz is not supported: {label}.tgz"]),
        ([*AWS, "--output", "a.zip", "--format", "table"], [".parquet, as .zip is not supported: a.zip"]),
        ([*AWS, "--output", "{label}.json"], ["or --format must be given: {label}.json"]),
        ([*AWS, "--output", "a.gz"], ["or --format must be given: a.gz"]),
        ([*AWS, "--output", "a", "--ordered"], ["or --format must be given: a"]),
        ([*AWS, "--output", "a.parquet", "--format", "csv"], ["--format csv and the extension .parquet of --output"]),
        ([*AWS, "--output", "a.CSV.gz", "--format", "ndjson"], ["--format ndjson and the extension .gz of --output"]),
        ([*AWS, "--output", "a.jsonl", "--format", "table"], ["--format table and the extension .jsonl of --output"]),
        ([*AWS, "--output", "a.txt.gz", "--format", "table"], ["--format table and the extension .gz of --output"]),
        *(
            (
                [*AWS, "--output", "a.csv", "--malformed", name],
                ["--malformed must end in .ndjson or .jsonl (each also with .gz or .zst), or have no", f": {name}"],
            )
            for name in ("m.parquet", "m.parqet", "m.csv.gz", "m.json", "m.ndjson.bz2", "m.xz")
        ),
        *(
            ([*AWS, "--report", name], [f"--report must end in .json or .html, or have no extension: {name}"])
            for name in ("r.csv", "r.jsn", "r.ndjson", "r.json.gz", "r.gz", "r.json.bz2")
        ),
        ([*AWS, "list-connections"], ["list-connections is given twice"]),
        ([*AWS, "list-partners", *AWS], ["--catalog is given after list-connections and after list-partners"]),
    ],
)
def test_what_does_not_go_together_is_named(run_here, options, words):
    ended = run_here(*CONNECTIONS, *options)
    assert (ended.code, ended.out) == (2, b"")
    for word in words:
        assert word in ended.complaint


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rate", "0"], "--rate"),
        (["--rate", "inf"], "--rate"),
        (["--max-attempts", "0"], "--max-attempts"),
        (["--region", "no region"], "--region"),
        (["--concurrency", "0"], "--concurrency"),
        (["--format", "csv", "--columns", "id,"], "'id,' is not a list of names such as id,arn"),
        (["--format", "csv", "--formulas", "no"], "--formulas"),
        (["--checkpoint", ""], "--checkpoint"),
        (["--checkpoint", "-"], "'--checkpoint': it must name a file"),
        (["--malformed", "-"], "'--malformed': it must name a file"),
        *((["--checkpoint-max-age", wrong], "is not a duration") for wrong in ("12", "h", "-1h", "1w", "0h", "0.0m")),
        (["--report", ""], "--report"),
        (["--ignore-errors", ""], "--ignore-errors"),
        (["list-partner"], "'list-partners'"),
        (["list-partners", "--page-size", "3"], "--page-size"),
    ],
)
def test_a_value_that_cannot_be_is_named(run_here, options, words):
    ended = run_here(*CONNECTIONS, *AWS, *options)
    assert (ended.code, ended.out) == (2, b"")
    assert words in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[source]", "is not TOML"),
        ("", "the file has no [[source]] table"),
        ("[[source]]\nprofile = 'a'", "catalogs"),
        ("[[source]]\ncatalogs = ['AWS']\nprofle = 'a'", "profle"),
        ("[[source]]\ncatalogs = ['AWS']\n[[source]]\ncatalogs = ['AWS']", "AWS"),
        ("[[source]]\ncatalogs = ['AWS']\nrole_arn = 'arn:aws:iam::1:role/x'", "role_arn"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_of_sources_with_a_mistake(run_here, tmp_path, text, words):
    file = tmp_path / "sources.toml"
    if text is not None:
        file.write_text(text)
    ended = run_here(*CONNECTIONS, "--sources", file, "--output", tmp_path / "a.csv")
    assert (ended.code, ended.out) == (2, b"")
    assert str(file) in ended.complaint
    assert words in ended.complaint
    assert not (tmp_path / "a.csv").exists()


async def test_a_checkpoint_of_another_collection(run, tmp_path):
    checkpoint, file = tmp_path / "run.json", tmp_path / "a.ndjson"
    file.write_text("earlier")
    async with Emulator({"AWS": 3, "Denied": 1}, denied_catalogs=["Denied"]) as emulator:
        arguments = ("--endpoint-url", emulator.endpoint_url, "--checkpoint", checkpoint, "--output", file)
        assert (await run(*CONNECTIONS, *AWS, "--catalog", "Denied", *arguments)).code == 1
        before = checkpoint.read_bytes()
        for changed, words in (
            ([*AWS, "--catalog", "Denied", "--page-size", 2], "list_connections differs in MaxResults"),
            ([*AWS, "--catalog", "Denied", "list-partners"], "list_partners is new"),
        ):
            ended = await run(*CONNECTIONS, *changed, *arguments)
            assert ended.code == 2
            assert "belongs to another collection" in ended.complaint
            assert words in ended.complaint
        for text, words in (
            (b"{}", "is not a checkpoint"),
            (json.dumps({"format": "x"}).encode(), "is not a checkpoint"),
        ):
            checkpoint.write_bytes(text)
            ended = await run(*CONNECTIONS, *AWS, *arguments)
            assert ended.code == 2
            assert words in ended.complaint
        checkpoint.write_bytes(re.sub(rb'"version":\d+', b'"version":9', before, count=1))
        assert "has version 9" in (await run(*CONNECTIONS, *AWS, *arguments)).complaint
        checkpoint.write_bytes(before)
        changed = file.with_suffix(".csv")
        ended = await run(*CONNECTIONS, *AWS, "--catalog", "Denied", *arguments[:-1], changed)
        assert ended.code == 2
        resumes, refusal = ended.err.splitlines()
        assert "resumes the run of " in resumes
        assert "the partial file is ndjson, not csv: " in refusal
    assert file.read_bytes().count(b"\n") == 3


async def test_a_checkpoint_where_none_can_be(run, tmp_path):
    ended = await run(*CONNECTIONS, *AWS, "--checkpoint", tmp_path / "no" / "c", "--output", tmp_path / "a.csv")
    assert ended.code == 2
    assert "its directory does not exist" in ended.complaint


async def test_a_report_where_none_can_be(run, tmp_path):
    ended = await run(*CONNECTIONS, *AWS, "--report", tmp_path / "no" / "r.json")
    assert (ended.code, ended.out) == (2, b"")
    assert "its directory does not exist" in ended.complaint


async def test_without_pyarrow_there_is_one_line(environment, tmp_path):
    arguments = [*CONNECTIONS, *AWS, "--output", str(tmp_path / "a.parquet")]
    code = (
        f"import sys; sys.modules['pyarrow'] = None; sys.argv[1:] = {arguments!r}\n"
        "from aiopartnercentral.cli import main; sys.exit(main())"
    )
    ended = await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode().count("\n") == 1
    assert "pip install pyarrow" in ended.stderr.decode()


async def test_an_unknown_profile_is_wrong_usage_with_files_too(run, tmp_path):
    ended = await run(*CONNECTIONS, *AWS, "--profile", "nope", "--output", tmp_path / "a.csv")
    assert ended.code == 2
    assert "no profile 'nope'" in ended.complaint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("key", "value", "words"), [("profile", "nope", "nope"), ("region", "no-region-1", None)])
async def test_a_source_that_cannot_be_accessed_costs_itself_alone(run, tmp_path, key, value, words):
    async with Emulator({"AWS": 3}) as emulator:
        sources = sources_file(tmp_path / "s.toml", {"good": emulator.endpoint_url}, ["AWS"])
        endpoint = "" if words else f'\nendpoint_url = "{emulator.endpoint_url}"'
        sources.write_text(f'{sources.read_text()}\n[[source]]\nlabel = "bad"\n{key} = "{value}"{endpoint}\n')
        ended = await run(*CONNECTIONS, "--sources", sources)
    assert "Traceback" not in ended.err
    assert len(ended.items) == (3 if words else 6)
    assert ended.code == (1 if words else 0)
    assert (words or "") in ended.err


async def test_an_impossible_setting_fails_only_its_source(run, tmp_path):
    async with Emulator({"AWS": 3}) as emulator:
        sources = sources_file(tmp_path / "s.toml", {"good": emulator.endpoint_url}, ["AWS"])
        sources.write_text(f'{sources.read_text()}\n[[source]]\nlabel = "odd"\n')
        ended = await run(*CONNECTIONS, "--sources", sources, AWS_ENDPOINT_URL="nonsense")
    assert ended.code == 1
    assert len(ended.items) == 3
    assert "odd: an endpoint URL is not usable: check AWS_ENDPOINT_URL" in ended.complaint


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("list-opportunities --sort {x", "'--sort': $: not JSON at character 1"),
        (
            "list-opportunities --sort x",
            "'--sort': expected '=' at character 1: write it as SortOrder=ASCENDING,SortBy=LastModifiedDate, or",
        ),
        (
            "list-opportunities --sort SortOrder=ASCENDING,SortBuy=Identifier",
            "'--sort': $.SortBuy at character 20: unknown member, expected one of SortOrder, SortBy",
        ),
        (
            "list-opportunities --sort sort_by=a,SortBy=b,SortOrder=c",
            "'--sort': $.sort_by at character 0: unknown member",
        ),
        ("list-opportunities --sort SortBy=a,SortBy=b", "'--sort': SortBy is given a second time at character 9"),
        ('list-opportunities --sort "SortBy=\\"a"', "'--sort': the quote does not end at character 7"),
        ("list-opportunities --sort SortBy=[a,b", "'--sort': expected ',' or ']' at character 11"),
        ("list-opportunities --sort SortBy=a,", "'--sort': expected text or NAME=VALUE at character 9"),
        (
            "list-opportunities --sort SortBy=a",
            "'--sort': $.SortOrder: required member is missing, one of ASCENDING, DESCENDING",
        ),
        (
            "list-opportunities --sort SortBy=a,SortOrder=[b]",
            "'--sort': $.SortOrder at character 9: expected one of ASCENDING, DESCENDING",
        ),
        (
            "list-opportunities --created-date AfterCreatedDate=12h",
            "'--created-date': $.AfterCreatedDate at character 0: expected a time in ISO 8601",
        ),
        (
            "search-opportunities --filter AndAllFilters=[{EqualsTo={Key=a}}]",
            "'--filter': $.AndAllFilters[0].EqualsTo.Value at character 16: required member is missing",
        ),
        (
            "list-revenue-attributions --context-filter Key=a Kay=b",
            "'--context-filter': $[1].Kay at character 0 of value 2: unknown member, expected one of Key, Values",
        ),
        ("list-opportunities --sort SortBy=a,SortOrder=b c=d", "No such listing 'c=d'"),
        ("list-opportunities --sort file:///no/such/file", "cannot read /no/such/file: No such file or directory"),
        ("list-opportunities --sort file:///", "cannot read /: Is a directory"),
        ("search-opportunities --filter NotFilter=" + 9000 * "[", "nested too deeply"),
        ("list-opportunities --sort ''", "'--sort': it is empty"),
        ("list-opportunities --sort []", "'--sort': $: expected object, got array"),
        ('list-opportunities --sort \'{"SortBy": "Identifier"}\'', "'--sort': $.SortOrder: required member is missing"),
        (
            "list-opportunities --sort '{\"SortBuy\": 1}'",
            "$.SortBuy: unknown member, expected one of SortOrder, SortBy",
        ),
        ("list-opportunities --sort '{\"Sort By\": 1}'", '$["Sort By"]: unknown member'),
        ("list-opportunities --sort {} --sort {}", "--sort can be given only once"),
        (
            'list-opportunities --created-date \'{"AfterCreatedDate": "12h"}\'',
            "'--created-date': $.AfterCreatedDate: expected a time in ISO 8601, such as 2026-11-29T02:15:00Z",
        ),
        (
            "list-revenue-attributions --created-after 12h",
            "'--created-after': '12h' is not a time in ISO 8601, such as 2026-11-29T02:15:00Z",
        ),
        ("list-revenue-attributions --created-after 2026-02-30", "'2026-02-30' is not a time in ISO 8601"),
        ("list-revenue-attributions --created-after 0001-01-01T00:00+01:00", "+01:00' is not a time in ISO 8601"),
        (
            'list-revenue-attributions --context-filter \'[{"Key": "a"}]\' --context-filter \'{"Key": 1}\'',
            "'--context-filter': $[1].Key: expected string, got number",
        ),
        (
            'search-opportunities --filter \'{"AndAllFilters": [{"EqualsTo": {}}]}\'',
            "'--filter': $.AndAllFilters[0].EqualsTo.Key: required member is missing",
        ),
        (
            "list-channel-contracts --contract-type X --contract-type-filters {}",
            "'--contract-type-filters': $: expected an object with exactly one of managedServicesAttestation",
        ),
        (
            "list-channel-contracts --contract-type X --contract-type-filters '{\"a\": {}}'",
            "'--contract-type-filters': $.a: unknown member, expected one of managedServicesAttestation",
        ),
        (
            "search-opportunities --filter '" + 60 * '{"NotFilter":' + "1" + 60 * "}" + "'",
            "expected object, got number",
        ),
        ("search-opportunities --filter '" + 9000 * '{"NotFilter":' + "1" + 9000 * "}" + "'", "nested too deeply"),
        ("list-channel-contracts", "Missing option '--contract-type'"),
        ("list-partners --sort {}", "No such option"),
    ],
)
def test_a_filter_that_cannot_be_says_where_and_what_was_expected(run_here, command, words):
    ended = run_here("collect", *shlex.split(command), *AWS)
    assert (ended.code, ended.out) == (2, b"")
    assert words in ended.err
    assert "Traceback" not in ended.err


async def test_only_a_member_of_the_item_itself_can_be_exploded(run):
    ended = await run(
        *("collect", "list-opportunities", *AWS, "--format", "csv", "--explode", "project.expected_customer_spend")
    )
    assert ended.code == 2
    assert "--explode is not possible: OpportunitySummary itself has no list or map" in ended.complaint


async def test_a_value_that_is_not_a_number_is_quoted(run):
    ended = await run("collect", "list-connections", "--catalog", "AWS", "--max-items", "many")
    assert ended.code == 2
    assert "Invalid value for '--max-items': 'many' is not " in ended.err
