"""`tautolog topic`: create, list, describe, alter and delete the topics of any cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tautolog.cli import positions, printing
from tautolog.cli.errors import Usage
from tautolog.cli.remote import Cluster, Failed, cluster_options, error_in, pairs, patiently
from tautolog.core.errors import ErrorCode

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=HELP)
def topic() -> None:
    """Create, list, describe, alter and delete topics."""


@topic.command()
@click.argument("name")
@click.option("--partitions", type=click.IntRange(1), help="How many.  [default: the broker's num.partitions]")
@click.option("--replication-factor", type=click.IntRange(1), help="Copies of each partition.  [default: the broker's]")
@click.option("--config", "configs", metavar="NAME=VALUE", multiple=True, help="A topic config; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@cluster_options
def create(
    name: str,
    *,
    cluster: Cluster,
    partitions: int | None,
    replication_factor: int | None,
    configs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Create the topic NAME."""
    wanted = {
        "num_partitions": partitions or -1,
        "replication_factor": replication_factor or -1,
        "configs": pairs(configs, "--config"),
    }
    with cluster.admin() as admin:
        answer = admin.create_topics({name: wanted}, raise_errors=False)
        made = answer["topics"][0]
        _check(cluster, f"topic {name}", made)
        _wait(admin, name)
        (found,) = admin.describe_topics([name])
    copies = len(found["partitions"][0]["replica_nodes"]) if found["partitions"] else made.get("replication_factor", -1)
    number = len(found["partitions"]) or made.get("num_partitions", -1)
    if as_json:
        identity = str(found["topic_id"]) if found.get("topic_id") else None
        printing.show_json({"topic": name, "id": identity, "partitions": number, "replication_factor": copies})
    else:
        click.echo(f"created topic {name} with {printing.count(number, 'partition')}, replication factor {copies}")


@topic.command("list")
@click.option("--internal", is_flag=True, help="Also those that the cluster keeps for itself.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@cluster_options
def list_(*, cluster: Cluster, internal: bool, as_json: bool) -> None:
    """List topics: name, partitions, replication factor, internal."""
    with cluster.admin() as admin:
        found = patiently(lambda: admin.describe_topics(None))
    rows = []
    for entry in sorted(found, key=lambda entry: str(entry["name"])):
        if internal or not entry["is_internal"]:
            copies = len(entry["partitions"][0]["replica_nodes"]) if entry["partitions"] else None
            rows.append((entry["name"], len(entry["partitions"]), copies, entry["is_internal"]))
    if as_json:
        keys = ("topic", "partitions", "replication_factor", "internal")
        printing.show_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        printing.show(("topic", "partitions", "replicas", "internal"), rows)
        if not rows:
            printing.say(f"no topics on {cluster}")


@topic.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option("--configs", "with_configs", is_flag=True, help="The configs, with those at their default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@cluster_options
def describe(names: tuple[str, ...], *, cluster: Cluster, with_configs: bool, as_json: bool) -> None:
    """Describe topics: each partition's leader, replicas and offsets; or with --configs the configs."""
    with cluster.admin() as admin:
        documents = [_describe(admin, cluster, name) for name in names]
    if as_json:
        printing.show_json(documents)
        return
    for document in documents:
        name, configs = document["topic"], document["configs"]
        if with_configs:
            rows = [(name, config, entry["value"], entry["source"]) for config, entry in sorted(configs.items())]
            printing.show(("topic", "config", "value", "source"), rows)
            continue
        own = [f"{config}={e['value']}" for config, e in configs.items() if e["source"] == "DYNAMIC_TOPIC_CONFIG"]
        keys = ("partition", "leader", "leader_epoch", "replicas", "isr", "start", "end")
        lines = [(name, *(partition[key] for key in keys)) for partition in document["partitions"]]
        title = f"{name}  id {document['id']}  {' '.join(own) or 'no configs of its own'}"
        printing.show(("topic", *(key.replace("_", " ") for key in keys)), lines, title=title)


def _describe(admin: KafkaAdminClient, cluster: Cluster, name: str) -> dict[str, Any]:
    from kafka import TopicPartition
    from kafka.admin import ConfigResource
    from kafka.errors import KafkaError

    (found,) = patiently(lambda: admin.describe_topics([name]))
    if found["error_code"]:
        raise Failed(cluster.refusal(f"topic {name}", found["error_code"], None))
    described = admin.describe_configs([ConfigResource("TOPIC", name)], config_filter="all")
    configs = described["topic"].get(name, {})
    indexes = sorted(partition["partition_index"] for partition in found["partitions"])
    try:
        starts, ends = positions.bounds(admin, [TopicPartition(name, index) for index in indexes])
    except KafkaError:  # a partition without a leader has no offsets to tell
        starts, ends = {}, {}
    partitions = []
    for partition in sorted(found["partitions"], key=lambda p: int(p["partition_index"])):
        place = TopicPartition(name, partition["partition_index"])
        partitions.append(
            {
                "partition": partition["partition_index"],
                "leader": partition["leader_id"],
                "leader_epoch": partition.get("leader_epoch"),
                "replicas": list(partition["replica_nodes"]),
                "isr": list(partition["isr_nodes"]),
                "start": starts.get(place),
                "end": ends.get(place),
            }
        )
    return {
        "topic": name,
        "id": str(found["topic_id"]) if found.get("topic_id") else None,
        "internal": found["is_internal"],
        "partitions": partitions,
        "configs": {
            config: {"value": entry["value"], "source": entry["config_source"]} for config, entry in configs.items()
        },
    }


@topic.command()
@click.argument("name")
@click.option("--partitions", type=click.IntRange(1), help="Raise the number of partitions to this.")
@click.option("--config", "configs", metavar="NAME=VALUE", multiple=True, help="Set a topic config; repeatable.")
@click.option("--delete-config", "dropped", metavar="NAME", multiple=True, help="Back to the default; repeatable.")
@cluster_options
def alter(
    name: str, *, cluster: Cluster, partitions: int | None, configs: tuple[str, ...], dropped: tuple[str, ...]
) -> None:
    """Change the configs or raise the partition count of the topic NAME."""
    changes: dict[str, Any] = dict(pairs(configs, "--config"))
    if not changes and not dropped and partitions is None:
        raise Usage("topic alter changes nothing: give --partitions, --config or --delete-config")
    with cluster.admin() as admin:
        from kafka.admin import AlterConfigOp, ConfigResource

        positions.partitions_of(admin, cluster, name)
        changes.update(dict.fromkeys(dropped, (AlterConfigOp.DELETE, None)))
        if changes:
            answer = admin.alter_configs([ConfigResource("TOPIC", name, changes)], raise_on_unknown=False)
            failure = error_in(answer["topic"][name])
            if failure is not None:
                raise Failed(cluster.refusal(f"the configs of topic {name}", *failure))
        if partitions is not None:
            result = admin.create_partitions({name: partitions}, raise_errors=False).results[0]
            if result.error_code:
                raise Failed(cluster.refusal(f"topic {name}", result.error_code, result.error_message))
    done = [*configs, *(f"{config} back to its default" for config in dropped)]
    click.echo(f"altered topic {name}: {', '.join(done + [f'{partitions} partitions'] * bool(partitions))}")


@topic.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@cluster_options
def delete(names: tuple[str, ...], *, cluster: Cluster) -> None:
    """Delete topics with everything in them."""
    with cluster.admin() as admin:
        answer = admin.delete_topics(list(names), raise_errors=False)
    failures = []
    for entry in answer["topics"]:
        if entry["error_code"]:
            message = entry.get("error_message")
            failures.append(cluster.refusal(f"topic {entry['name']}", entry["error_code"], message))
        else:
            click.echo(f"deleted topic {entry['name']}")
    if failures:
        raise Failed("; ".join(failures))


def _check(cluster: Cluster, what: str, answer: dict[str, Any]) -> None:
    if answer["error_code"] != ErrorCode.NONE:
        raise Failed(cluster.refusal(what, answer["error_code"], answer.get("error_message")))


def _wait(admin: KafkaAdminClient, name: str) -> None:
    """Until every broker's metadata has it: a produce right after this command should not stumble."""
    from kafka.errors import KafkaTimeoutError

    try:
        admin.wait_for_topics([name], timeout_ms=5000)
    except KafkaTimeoutError:
        click.echo(f"tautolog: topic {name} is created, but not all of it has a leader yet", err=True)
