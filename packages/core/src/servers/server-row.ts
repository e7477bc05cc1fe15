import type { FenceState } from "../hosts/model.ts";
import type { ServerAddress } from "../networks/model.ts";
import type { ServerGroupPolicy } from "../server-groups/model.ts";
import type { DataDisk } from "./data-disk.ts";
import type { GuestStatus, Server, ServerState } from "./model.ts";
import type { Tags } from "../tags/tags.ts";

/** A server's row, with its host's name and zone. */
export interface ServerRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly state: ServerState;
  readonly flavor: string;
  readonly vcpus: number;
  readonly milli_ecu_per_vcpu: number;
  readonly memory_mib: number;
  readonly system_disk_gib: number;
  readonly ephemeral_disk_gib: number;
  readonly resources: string;
  /** What it was made of; empty for one that was adopted as it was found. */
  readonly image_id: string;
  readonly requested_zone: string | null;
  /** Its host's. */
  readonly zone: string | null;
  readonly host_id: string | null;
  readonly keypair: string | null;
  readonly group_id: string | null;
  readonly group_name: string | null;
  readonly group_policy: ServerGroupPolicy | null;
  readonly internal_rate_kbit: number;
  readonly internal_ceil_kbit: number;
  readonly external_rate_kbit: number;
  readonly external_ceil_kbit: number;
  readonly guest: GuestStatus["state"];
  readonly guest_since_ms: number;
  readonly busy: number | boolean;
  /** Whose lock keeps others off. */
  readonly locked_by: "project" | "operator" | null;
  /** What a rescued, resized or shelved one goes back to. */
  readonly state_before: ServerState | null;
  /** What a rescued one boots from. */
  readonly rescue_image_id: string | null;
  /** What a deleted one goes back to while it can be restored. */
  readonly deleted_from: ServerState | null;
  /** When a deleted one can be restored no more. */
  readonly purge_at_ms: number | null;
  readonly operation_id: string;
  readonly fault: string | null;
  /** A resize that is neither confirmed nor reverted, as JSON. */
  readonly resize: string | null;
  readonly created_at_ms: number;
  readonly host_name: string | null;
  readonly host_zone: string | null;
  /** Whether its host is cut off. */
  readonly host_fence: FenceState | null;
}

/** What a server has beside its row. */
export interface ServerDetails {
  readonly addresses: readonly ServerAddress[];
  readonly dataDisks: readonly DataDisk[];
  readonly tags: Tags;
}

/** A row as its users see it. The host's name is the operators' to see. */
export function serverOf(row: ServerRow, { addresses, dataDisks, tags }: ServerDetails, showHost: boolean): Server {
  return {
    id: row.id,
    projectId: row.project_id,
    userId: row.user_id,
    name: row.name,
    tags,
    state: row.state,
    guest: { state: row.guest, sinceMs: row.guest_since_ms },
    flavor: row.flavor,
    vcpus: row.vcpus,
    milliEcuPerVcpu: row.milli_ecu_per_vcpu,
    memoryMib: row.memory_mib,
    systemDiskGib: row.system_disk_gib,
    ephemeralDiskGib: row.ephemeral_disk_gib,
    dataDisks: [...dataDisks],
    resources: JSON.parse(row.resources) as Record<string, number>,
    imageId: row.image_id === "" ? null : row.image_id,
    zone: row.host_zone,
    host: showHost ? row.host_name : null,
    addresses: [...addresses],
    internal: { rateKbit: row.internal_rate_kbit, ceilKbit: row.internal_ceil_kbit },
    external:
      row.external_rate_kbit === 0 ? null : { rateKbit: row.external_rate_kbit, ceilKbit: row.external_ceil_kbit },
    keypair: row.keypair,
    group: row.group_name,
    busy: Boolean(row.busy),
    locked: row.locked_by !== null,
    operationId: row.operation_id,
    fault: row.fault === null ? null : (JSON.parse(row.fault) as NonNullable<Server["fault"]>),
    restorableUntilMs: row.state === "softDeleted" ? row.purge_at_ms : null,
    createdAtMs: row.created_at_ms,
  };
}
