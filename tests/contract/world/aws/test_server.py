"""The server itself: many clients at once, a reset, and how it begins and ends."""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from tests.contract.world.aws.accounts import Account, config
from tests.world.aws.paths import EDGE_PATH
from tests.world.aws.process import ROOT, StartError, running, serving


def test_of_many_writers_with_one_etag_one_wins(account: Account) -> None:
    identifier = account.create()["Id"]
    present, etag = account.read(identifier)

    def write(number: int) -> int:
        try:
            answer = account.client.update_distribution(
                Id=identifier, IfMatch=etag, DistributionConfig={**present, "Comment": str(number)}
            )
        except account.client.exceptions.PreconditionFailed:
            return 412
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(write, range(16)))
    assert answers == [200] + [412] * 15


def test_of_many_creators_the_quota_lets_twenty_through(account: Account) -> None:
    def create(number: int) -> bool:
        try:
            account.client.create_distribution(DistributionConfig=config(Staging=True))
        except account.client.exceptions.TooManyDistributions:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(24))) == 20


def test_the_edges_are_told_what_is_deployed(account: Account, endpoint: str) -> None:
    made = account.create(Comment="deployed")
    with urllib.request.urlopen(f"{endpoint}{EDGE_PATH}", timeout=10) as answer:
        (known,) = json.load(answer)["distributions"]
    assert (known["id"], known["domain"]) == (made["Id"], made["DomainName"])
    assert known["config"]["Comment"] == "deployed"
    assert known["policy"] is None


def test_tagged_distributions_are_found_by_the_tagging_api(account: Account, client: Any) -> None:
    tags = {"Items": [{"Key": "understudy:environment", "Value": "pr-7"}]}
    both = {"DistributionConfig": config(), "Tags": tags}
    made = account.client.create_distribution_with_tags(DistributionConfigWithTags=both)
    found = client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "understudy:environment", "Values": ["pr-7"]}]
    )["ResourceTagMappingList"]
    assert [one["ResourceARN"] for one in found] == [made["Distribution"]["ARN"]]


def test_a_reset_empties_the_account(session: Any) -> None:
    with running(deploy_seconds=0.05) as endpoint:
        account = Account(session.client("cloudfront", endpoint_url=endpoint))
        account.create()
        reset = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset, timeout=10).close()
        assert account.distributions() == []
        account.create()


def test_it_ends_by_sigterm_with_a_clean_status() -> None:
    command = [sys.executable, "-m", "tests.world.aws", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "AWS on http://127.0.0.1:" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""


def test_a_program_that_ends_before_it_serves_is_told() -> None:
    with (
        pytest.raises(StartError, match="ended with status 2"),
        serving("tests.world.aws", "--no-such-option", health="/"),
    ):
        pass


def test_a_wrong_rule_of_the_edge_says_how_to_write_one() -> None:
    command = [sys.executable, "-m", "tests.world.edge", "--port", "0", "--aws", "http://x"]
    answer = subprocess.run(
        [*command, "--resolve", "preview.test"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert "no SUFFIX=ADDRESS, such as preview.test=127.0.0.1" in answer.stderr
