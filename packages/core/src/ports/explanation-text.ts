import type { FilterOutcome, PlacementExplanation, RefusedHost } from "./scheduler.ts";

const units: Readonly<Record<string, { readonly word: string; readonly per: number }>> = {
  mEUCU: { word: "EUCU", per: 1000 },
  MiB: { word: "GiB", per: 1024 },
  "kbit/s": { word: "Mbit/s", per: 1000 },
};

const words: Readonly<Record<string, string>> = { internalKbit: "internal", externalKbit: "external" };

/**
 * An explanation for people: who turned away how many hosts, and which of them lacked least.
 * @example
 * // No host can take big (8 vCPUs, 32 EUCU, 16.4 GiB).
 * //   ECUFilter      turned away 14 of 20: nearest host-7 has 30 EUCU, lacks 2
 * //   RamFilter      turned away 6 of 6: nearest host-2 has 12 GiB, lacks 4.4
 */
export function explanationText(explanation: PlacementExplanation): string {
  const { server, passed, hosts } = explanation;
  const size = [
    `${server.vcpus} vCPU${server.vcpus === 1 ? "" : "s"}`,
    amount(server.resources["milliEcu"] ?? 0, "mEUCU"),
    amount(server.resources["memoryMib"] ?? 0, "MiB"),
    ...(server.zone === undefined ? [] : [`in ${server.zone}`]),
  ].join(", ");
  const head =
    passed > 0
      ? `${passed} of ${hosts} hosts can take ${server.name} (${size}).`
      : hosts === 0
        ? `No host can take ${server.name} (${size}): there is none.`
        : `No host can take ${server.name} (${size}).`;
  const active = explanation.filters.filter((filter) => filter.refused > 0);
  const width = Math.max(0, ...active.map((filter) => filter.filter.length));
  return [head, ...active.map((filter) => `  ${filter.filter.padEnd(width)}  ${outcome(filter)}`)].join("\n");
}

function outcome({ refused, of, hosts }: FilterOutcome): string {
  const nearest = hosts[0];
  return `turned away ${refused} of ${of}${nearest === undefined ? "" : `: nearest ${nearness(nearest)}`}`;
}

function nearness({ host, need, have, unit, resource }: RefusedHost): string {
  if (typeof need !== "number" || typeof have !== "number") return `${host} has ${have}, needs ${need}`;
  const of = resource === undefined ? "" : ` ${words[resource] ?? resource}`;
  return `${host} has ${amount(have, unit)}${of}, lacks ${amount(need - have, unit).split(" ")[0] ?? ""}`;
}

function amount(value: number, unit: string | undefined): string {
  const shown = unit === undefined ? undefined : units[unit];
  const number = shown === undefined ? value : value / shown.per;
  return [Number(number.toFixed(1)).toString(), shown?.word ?? unit].filter((part) => part !== undefined).join(" ");
}
