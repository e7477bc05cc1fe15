import { defaultBandwidthPolicy, memoryClaimMib, permissions, serverActions } from "@cloudhost/core";
import type { Actor, CreateFlavor, Permission, ServerActionName, ServerActionRule, ServerState } from "@cloudhost/core";
import type { ActorName } from "./plan.ts";
import { projectNames } from "./plan.ts";

/** The flavors of the fleet, by name. */
export const flavors = {
  small: { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 1 },
  disk: { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 2 },
  large: { vcpus: 2, milliEcuPerVcpu: 2000, memoryMib: 1024, systemDiskGib: 2 },
  /** No Opteron has a core for it. */
  fast: { vcpus: 1, milliEcuPerVcpu: 4000, memoryMib: 512, systemDiskGib: 2, ephemeralDiskGib: 1 },
} as const satisfies Record<string, Omit<CreateFlavor, "name">>;
export type FlavorName = keyof typeof flavors;
export const flavorNames = Object.keys(flavors) as FlavorName[];

/** Who the actors are. */
export const actors: Readonly<Record<ActorName, Actor>> = {
  amy: { userId: "amy", projectId: "album", roles: ["member"] },
  ada: { userId: "ada", projectId: "album", roles: ["projectAdmin"] },
  max: { userId: "max", projectId: "mail", roles: ["member"] },
  olga: { userId: "olga", roles: ["operator"] },
  audrey: { userId: "audrey", roles: ["auditor"] },
};

/** A server as the model has it. */
export interface ModelServer {
  readonly id: string;
  readonly slot: number;
  readonly project: string;
  readonly externalKbit: number;
  /** Of 1 GiB each, by id. */
  dataDisks: readonly string[];
  addresses: readonly string[];
  state: ServerState;
  /** Whether it is shelved, also while its deletion can be taken back. */
  shelved: boolean;
  flavor: FlavorName;
  host: string | null;
  /** Whose lock it has. */
  locked: "project" | "operator" | null;
  /**
   * Whether an action of it has failed since everything was compared. What a guest has lost by then (a paused one its
   * memory) no way back gives again: its state follows from what its host says.
   */
  shaken: boolean;
  /** Of a resize that waits: what it was, and where. */
  resizedFrom: { readonly flavor: FlavorName; readonly host: string | null } | null;
}

/** Whether a server, or its guest of before a resize, is on this host. */
export const onHost = ({ host, resizedFrom }: ModelServer, name: string | undefined): boolean =>
  name !== undefined && (host === name || resizedFrom?.host === name);

/** What a server claims, in base units. */
export interface Amounts {
  readonly milliEcu: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly internalKbit: number;
  readonly externalKbit: number;
}

const nothing: Amounts = { milliEcu: 0, memoryMib: 0, diskGib: 0, internalKbit: 0, externalKbit: 0 };

/** Which line of the permissions an action asks for. */
export const permissionOf = (action: ServerActionName): Permission => {
  if (action === "snapshot") return "images.snapshot";
  return `servers.${action === "hardReboot" ? "reboot" : action}` as Permission;
};

/** What must be said to who asks, as far as the model knows it: the code of a refusal, or that it may be done. */
export function expectedOf(
  action: ServerActionName,
  server: Pick<ModelServer, "project" | "state" | "host" | "locked" | "dataDisks" | "addresses">,
  who: ActorName,
  { fenced, suspended }: { readonly fenced: string | undefined; readonly suspended: ReadonlySet<string> },
): "allowed" | "FORBIDDEN" | "NOT_FOUND" | "CONFLICT" {
  const { projectId, roles } = actors[who];
  const { effect, roles: may } = permissions[permissionOf(action)] as { effect: string; roles: readonly string[] };
  if (!roles.some((role) => may.includes(role))) return "FORBIDDEN";
  if (effect === "grows" && projectId !== undefined && suspended.has(projectId)) return "CONFLICT";
  if (projectId !== undefined && projectId !== server.project) return "NOT_FOUND";
  const { from, needsHost, heldOffBy }: ServerActionRule = serverActions[action];
  if (!from.includes(server.state) || (needsHost && server.host === null)) return "CONFLICT";
  const passes =
    server.locked === null ||
    projectId === undefined ||
    heldOffBy === "no lock" ||
    (heldOffBy === "an operator's lock" && server.locked === "project");
  if (!passes) return "CONFLICT";
  if (action === "evacuate" && server.host !== fenced) return "CONFLICT";
  if (action === "deleteDisk" && server.dataDisks.length === 0) return "NOT_FOUND";
  if (action === "detachInterface" && server.addresses.length < 2) return "NOT_FOUND";
  // There is one image, and the server has it already.
  return action === "rebuild" && server.dataDisks.length > 0 ? "CONFLICT" : "allowed";
}

/** The states in which a server may be after an action that succeeded. */
export function statesAfter(action: ServerActionName, before: ServerState): readonly ServerState[] {
  const { to, from, exclusive }: ServerActionRule = serverActions[action];
  if (action === "delete") return ["deleted", "softDeleted"];
  // Where a flavor's change can be made while it runs, nothing is left to confirm.
  if (action === "resize") return ["resized", before];
  if (to !== "before") return [to];
  // A memory is gone with its host.
  if (action === "evacuate") return [["paused", "suspended", "stopped"].includes(before) ? "stopped" : "active"];
  if (!exclusive || action === "snapshot" || action === "migrate") return [before];
  if (action === "rebuild") return before === "error" ? ["active"] : [before];
  // Back to what it was when it was rescued, resized or deleted.
  return from.length === 1 ? ["active", "stopped", "suspended", "rescued", "paused", "shelved"] : [before];
}

/** What the servers use of each host and of each project's quotas. */
export function usageOf(servers: Iterable<ModelServer>) {
  const hosts = new Map<string, Amounts>();
  const projects = new Map<string, Amounts & { readonly servers: number; readonly vcpus: number }>(
    projectNames.map((name) => [name, { ...nothing, servers: 0, vcpus: 0 }]),
  );
  const claim = (host: string | null, amounts: Amounts): void => {
    if (host !== null) hosts.set(host, plus(hosts.get(host) ?? nothing, amounts));
  };
  for (const server of servers) {
    const { flavor, host, project, resizedFrom } = server;
    if (server.state === "deleted") continue;
    const counted = projects.get(project) ?? { ...nothing, servers: 0, vcpus: 0 };
    // On no host it claims nothing: one that could not be created. One that is shelved is a server all the same.
    if (host === null) {
      if (server.shelved) projects.set(project, { ...counted, servers: counted.servers + 1 });
      continue;
    }
    const here = amountsOf(flavor, server);
    const before = resizedFrom === null ? here : amountsOf(resizedFrom.flavor, server);
    if (resizedFrom === null || resizedFrom.host === host) claim(host, larger(here, before));
    else {
      claim(host, here);
      claim(resizedFrom.host, before);
    }
    const before_ = resizedFrom?.flavor ?? flavor;
    const seen = Math.max(flavors[flavor].memoryMib, flavors[before_].memoryMib);
    projects.set(project, {
      ...plus(counted, { ...larger(here, before), memoryMib: seen }),
      servers: counted.servers + 1,
      vcpus: counted.vcpus + Math.max(flavors[flavor].vcpus, flavors[before_].vcpus),
    });
  }
  return { hosts, projects };
}

function amountsOf(
  name: FlavorName,
  { externalKbit, dataDisks }: Pick<ModelServer, "externalKbit" | "dataDisks">,
): Amounts {
  const flavor: Omit<CreateFlavor, "name"> = flavors[name];
  const milliEcu = flavor.vcpus * flavor.milliEcuPerVcpu;
  return {
    milliEcu,
    memoryMib: memoryClaimMib(flavor),
    diskGib: flavor.systemDiskGib + (flavor.ephemeralDiskGib ?? 0) + dataDisks.length,
    internalKbit: defaultBandwidthPolicy({ milliEcu, externalKbit }).internal.rateKbit,
    externalKbit,
  };
}

const combined = (a: Amounts, b: Amounts, of: (one: number, other: number) => number): Amounts => ({
  milliEcu: of(a.milliEcu, b.milliEcu),
  memoryMib: of(a.memoryMib, b.memoryMib),
  diskGib: of(a.diskGib, b.diskGib),
  internalKbit: of(a.internalKbit, b.internalKbit),
  externalKbit: of(a.externalKbit, b.externalKbit),
});
const plus = (a: Amounts, b: Amounts): Amounts => combined(a, b, (one, other) => one + other);
const larger = (a: Amounts, b: Amounts): Amounts => combined(a, b, Math.max);
