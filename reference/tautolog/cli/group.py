"""`tautolog group`: list, describe, reset and delete the consumer groups of any cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tautolog.cli import positions, printing
from tautolog.cli.errors import Usage
from tautolog.cli.remote import Cluster, Failed, cluster_options, error_in, patiently
from tautolog.cli.topic import HELP
from tautolog.core.errors import ErrorCode

if TYPE_CHECKING:
    from kafka import KafkaAdminClient, TopicPartition


@click.group(context_settings=HELP)
def group() -> None:
    """List, describe, reset and delete consumer groups."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@cluster_options
def list_(*, cluster: Cluster, as_json: bool) -> None:
    """List groups: name, state, type, protocol."""
    with cluster.admin() as admin:
        listed = _listed(admin)
    keys = ("group", "state", "type", "protocol")
    rows = [(name, e.get("group_state"), e.get("group_type"), e.get("protocol_type")) for name, e in listed.items()]
    if as_json:
        printing.show_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        printing.show(keys, rows)
        if not rows:
            printing.say(f"no groups on {cluster}")


@group.command()
@click.argument("names", nargs=-1, required=True, metavar="GROUP…")
@click.option("--members", "with_members", is_flag=True, help="The members and what they are assigned.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@cluster_options
def describe(names: tuple[str, ...], *, cluster: Cluster, with_members: bool, as_json: bool) -> None:
    """Describe groups: committed offset, end and lag of each partition; or with --members the members."""
    with cluster.admin() as admin:
        documents = [_describe(admin, cluster, name) for name in names]
    if as_json:
        printing.show_json(documents)
        return
    for document in documents:
        name, state = document["group"], document["state"]
        title = f"{name}  {state}, {printing.count(len(document['members']), 'member')}"
        if with_members:
            keys: tuple[str, ...] = ("member", "client", "host", "partitions")
            rows = [(name, *(member[key] for key in keys)) for member in document["members"]]
        else:
            keys = ("topic", "partition", "committed", "end", "lag", "member")
            rows = [(name, *(partition[key] for key in keys)) for partition in document["partitions"]]
        printing.show(("group", *keys), rows, title=title)


@group.command()
@click.argument("name", metavar="GROUP")
@click.option(
    "--topic", "topics", metavar="T[:P]", multiple=True, required=True, help="Topic or partition; repeatable."
)
@click.option("--to", "target", metavar="WHERE", required=True, help="earliest, latest, an offset, -N or a time.")
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@cluster_options
def reset(name: str, *, cluster: Cluster, topics: tuple[str, ...], target: str, dry_run: bool, as_json: bool) -> None:
    """Move the committed offsets of a group that has no members."""
    position = positions.parse(target, "--to")
    with cluster.admin() as admin:
        places = [place for text in topics for place in _places(admin, cluster, text)]
        _refuse_members(admin, cluster, name)
        starts, ends = positions.bounds(admin, places)
        offsets = positions.resolve(admin, position, starts, ends)
        before = patiently(lambda: admin.list_group_offsets({name: places}))[name]
        if not dry_run:
            _commit(admin, cluster, name, offsets)
    rows = []
    for place in places:
        old = before[place].offset if place in before and before[place].offset >= 0 else None
        rows.append((place.topic, place.partition, old, offsets[place]))
    keys = ("topic", "partition", "before", "after")
    if as_json:
        changes = [dict(zip(keys, row, strict=True)) for row in rows]
        printing.show_json({"group": name, "dry_run": dry_run, "offsets": changes})
    else:
        printing.show(
            keys, rows, title=f"{name}  dry run, nothing was changed" if dry_run else f"{name}  offsets are reset"
        )


@group.command()
@click.argument("names", nargs=-1, required=True, metavar="GROUP…")
@cluster_options
def delete(names: tuple[str, ...], *, cluster: Cluster) -> None:
    """Delete groups that have no members, with their offsets."""
    from kafka import errors

    with cluster.admin() as admin:
        results = patiently(lambda: admin.delete_groups(list(names)))
    failures = []
    for name in names:
        result = results.get(name, "OK")
        if result == "OK":
            click.echo(f"deleted group {name}")
        else:
            code = getattr(getattr(errors, result, None), "errno", int(ErrorCode.UNKNOWN_SERVER_ERROR))
            failures.append(cluster.refusal(f"group {name}", code, None))
    if failures:
        raise Failed("; ".join(failures))


def _listed(admin: KafkaAdminClient) -> dict[str, dict[str, Any]]:
    found = patiently(admin.list_groups)
    return {entry["group_id"]: entry for entry in sorted(found, key=lambda entry: str(entry["group_id"]))}


def _described(admin: KafkaAdminClient, cluster: Cluster, name: str) -> dict[str, Any]:
    """State and members; what is not of the classic protocol has only what the list of groups tells."""
    listed = _listed(admin).get(name)
    if listed is None:
        raise Failed(cluster.refusal(f"group {name}", ErrorCode.GROUP_ID_NOT_FOUND, None))
    kind = str(listed.get("group_type") or "classic").lower()
    if kind != "classic":
        return {"state": listed.get("group_state"), "type": kind, "protocol": None, "members": []}
    found = patiently(lambda: admin.describe_groups([name]))[name]
    failure = error_in(found["error"])
    if failure is not None:
        raise Failed(cluster.refusal(f"group {name}", *failure))
    members = []
    for member in found["members"]:
        assignment = member["member_assignment"]
        assigned = assignment.get("assigned_partitions", []) if isinstance(assignment, dict) else []
        members.append(
            {
                "member": member["member_id"],
                "instance": member.get("group_instance_id"),
                "client": member["client_id"],
                "host": member["client_host"],
                "partitions": [f"{topic['topic']}:{index}" for topic in assigned for index in topic["partitions"]],
            }
        )
    protocol = found.get("protocol_data") or None
    return {"state": found["group_state"], "type": kind, "protocol": protocol, "members": members}


def _describe(admin: KafkaAdminClient, cluster: Cluster, name: str) -> dict[str, Any]:
    document = {"group": name, **_described(admin, cluster, name)}
    owners = {place: member["member"] for member in document["members"] for place in member["partitions"]}
    committed = patiently(lambda: admin.list_group_offsets({name: None}))[name]
    ends = _ends(admin, sorted(committed))
    document["partitions"] = partitions = []
    for place in sorted(committed):
        end = ends.get(place)
        offset = committed[place].offset
        partitions.append(
            {
                "topic": place.topic,
                "partition": place.partition,
                "committed": offset,
                "end": end,
                "lag": None if end is None else max(end - offset, 0),
                "member": owners.get(f"{place.topic}:{place.partition}"),
            }
        )
    return document


def _ends(admin: KafkaAdminClient, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    """The end offsets of those partitions that have one: some may be deleted, or without a leader."""
    from kafka.errors import KafkaError

    try:
        return positions.bounds(admin, places)[1] if places else {}
    except KafkaError:
        if len(places) == 1:
            return {}
    return {place: end for one in places for place, end in _ends(admin, [one]).items()}


def _places(admin: KafkaAdminClient, cluster: Cluster, text: str) -> list[TopicPartition]:
    from kafka import TopicPartition

    topic, colon, partition = text.partition(":")
    if colon and not partition.isdecimal():
        raise Usage(f"--topic {text!r} is not TOPIC or TOPIC:PARTITION")
    wanted = (int(partition),) if colon else ()
    return [TopicPartition(topic, index) for index in positions.partitions_of(admin, cluster, topic, wanted)]


def _refuse_members(admin: KafkaAdminClient, cluster: Cluster, name: str) -> None:
    """Offsets may be moved only under nobody's feet; a group that is not there yet has nobody."""
    if name not in _listed(admin):
        return
    found = _described(admin, cluster, name)
    if found["members"] or str(found["state"]).lower() not in {"empty", "dead"}:
        number = printing.count(len(found["members"]), "active member") if found["members"] else "active members"
        raise Failed(f"group {name} on {cluster} has {number}: its offsets can be reset when it has none")


def _commit(admin: KafkaAdminClient, cluster: Cluster, name: str, offsets: dict[TopicPartition, int]) -> None:
    from kafka.structs import OffsetAndMetadata

    entries = {place: OffsetAndMetadata(offset, "", None) for place, offset in offsets.items()}
    for place, error in patiently(lambda: admin.alter_group_offsets(name, entries)).items():
        if error.errno:
            raise Failed(cluster.refusal(f"offset of {place.topic}:{place.partition}", error.errno, None))
