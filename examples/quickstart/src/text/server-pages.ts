import { bandwidth, count, ecu, memory, seconds } from "./amounts.ts";
import type { Pages } from "./page.ts";
import { placementText } from "./placement-text.ts";
import { table } from "./table.ts";

/** Servers: sold, placed, refused, deleted. */
export const serverPages: Pages<"flavors" | "server" | "ready" | "refused" | "deleted"> = {
  flavors: ({ flavors }, paint) => {
    const right = "right" as const;
    const columns = [
      { title: "flavor" },
      { title: "vCPU × EUCU", align: right },
      { title: "memory", align: right },
      { title: "system disk", align: right },
    ];
    const rows = flavors.map(({ name, vcpus, milliEcuPerVcpu, memoryMib, systemDiskGib }) => [
      paint.name(name),
      `${vcpus} × ${ecu(milliEcuPerVcpu)}`,
      memory(memoryMib),
      `${count(systemDiskGib)} GiB`,
    ]);
    return [
      ...table(columns, rows, paint.faint),
      paint.faint("A server goes where it fills a host the most: empty hosts stay whole for large ones."),
      "",
    ];
  },

  server: ({ name, flavor, asked, zone, host, address, externalKbit, why, ms }, paint) => [
    `${paint.name(name.padEnd(6))} ${flavor.padEnd(6)} → ${paint.strong(host)} in ${zone}${asked === null ? "" : " as asked"}, ` +
      `${address}${externalKbit === 0 ? "" : `, ${bandwidth(externalKbit)} to the public`}, in ${seconds(ms)}`,
    ...placementText(why).map((line) => paint.faint(`       ${line}`)),
  ],

  ready: ({ servers, ms }, paint) => [
    `${servers.map(paint.name).join(", ")}: ${paint.good("their operating systems are up")}, ${seconds(ms)} later.`,
  ],

  refused: ({ text }, paint) => text.split("\n").map((line) => paint.refusal(line)),

  deleted: ({ servers, ms }, paint) => [
    servers.length === 0
      ? "There was nothing to delete."
      : `${servers.map(paint.name).join(", ")}: gone, in ${seconds(ms)}.`,
  ],
};
