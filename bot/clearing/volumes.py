"""Why a volume does not go after its claim. Pure."""

from __future__ import annotations

from bot import model
from bot.clearing.finding import ClusterFinding, Delete
from bot.clearing.objects import Item, deleted_at, finalizers, listed, name_of, ours

PATH = "/api/v1/persistentvolumes"


def volume(item: Item, name: str) -> ClusterFinding:
    """Its data is a person's decision, unless it carries our labels."""
    found = name_of(item)
    remnant = model.Remnant("PersistentVolume", found)
    claim = (item["spec"].get("claimRef") or {}).get("name", "?")
    phase = (item.get("status") or {}).get("phase", "")
    if deleted_at(item) is not None:
        held = listed(list(finalizers(item))) or "nothing"
        return ClusterFinding(remnant, f"volume {found} is being deleted, held by {held}")
    if phase == "Bound":
        return ClusterFinding(remnant, f"volume {found} goes after its claim {claim}")
    retained = item["spec"].get("persistentVolumeReclaimPolicy") == "Retain"
    if ours(item, name):
        # Only the object goes: what it stood for is kept by the policy.
        done = f"deleted volume {found}" + ("; the disk behind it stays" if retained else "")
        step = Delete(f"{PATH}/{found}", item["metadata"]["uid"], done)
        return ClusterFinding(remnant, f"nobody was deleting volume {found}", step)
    if retained:
        return ClusterFinding(
            remnant,
            f"volume {found} keeps the data of claim {claim} by its reclaim policy Retain: "
            "delete it by hand if the data isn't needed",
        )
    words = (item.get("status") or {}).get("message") or "its provisioner is deleting it"
    return ClusterFinding(remnant, f"volume {found} of claim {claim} is {phase or '?'}: {words}")
