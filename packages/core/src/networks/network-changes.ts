import type { NetworkChange } from "../ports/network-driver.ts";

/** What leads from one whole network to another, both given as the changes that make them from nothing. */
export function changesBetween(before: readonly NetworkChange[], after: readonly NetworkChange[]): NetworkChange[] {
  const old = new Map(before.map((change) => [keyOf(change), JSON.stringify(change)]));
  const changes = after.filter((change) => old.get(keyOf(change)) !== JSON.stringify(change));
  const kept = new Set(after.map(keyOf));
  for (const change of before) {
    if (kept.has(keyOf(change))) continue;
    if (change.kind === "binding") changes.push({ kind: "noBinding", nicId: change.binding.id });
    if (change.kind === "member") changes.push({ kind: "noMember", address: change.member.address });
  }
  return changes;
}

function keyOf(change: NetworkChange): string {
  if (change.kind === "binding") return `binding ${change.binding.id}`;
  if (change.kind === "noBinding") return `binding ${change.nicId}`;
  return `member ${change.kind === "member" ? change.member.address : change.address}`;
}
