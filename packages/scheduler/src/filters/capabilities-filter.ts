import { defineFilter, type HostView } from "@cloudhost/core/ports";

/** What a flavor asks of a host itself begins with this; all else its aggregates say. */
export const ofHost = "host.";

/** What a flavor can ask of a host beside its capabilities. */
const facts = ["architecture", "cpuModel", "hypervisor"] as const;

/**
 * Keeps the hosts that are themselves what the server's flavor requires: `host.cpuModel`, `host.architecture`,
 * `host.hypervisor`, or `host.` and a capability, which is `true` or `false`. A capability that a host does not tell of
 * is `false`.
 */
export const capabilitiesFilter = defineFilter({
  name: "CapabilitiesFilter",
  reads: { request: ["requires"], host: ["architecture", "capabilities", "cpuModel", "hypervisor"] },
  check: ({ requires }, host) => {
    for (const name in requires) {
      if (!name.startsWith(ofHost)) continue;
      const what = name.slice(ofHost.length);
      const fact = facts.find((one) => one === what);
      const has = fact === undefined ? String(can(host, what)) : host[fact];
      const need = requires[name]!;
      if (has !== need) return { need: `${what}=${need}`, have: `${what}=${has}` };
    }
    return true;
  },
});

const can = ({ capabilities }: HostView, what: string): boolean =>
  Object.hasOwn(capabilities, what) && capabilities[what] === true;
