import { amountOf, count, gauge, resourceWords } from "./amounts.ts";
import type { Pages } from "./page.ts";
import { table } from "./table.ts";

const right = "right" as const;

/** What is used, and what is left; and what the kernel says that it holds guests to. */
export const numberPages: Pages<"quotas" | "operationsView" | "kernel"> = {
  quotas: ({ project, quotas }, paint) => {
    const columns = [
      { title: `quota of ${project}` },
      { title: "limit", align: right },
      { title: "used", align: right },
      { title: "available", align: right },
      { title: "" },
    ];
    const rows = quotas.map(({ quota, unit, limit, used, available }) => [
      quotaWords[quota] ?? quota,
      limitText(limit, unit),
      amountOf(used, unit),
      limitText(available, unit),
      gauge(used, limit),
    ]);
    return [...table(columns, rows, paint.faint), ""];
  },

  operationsView: ({ servers, vcpus, resources, hosts }, paint) => {
    const columns = [
      { title: "whole cloud" },
      { title: "total", align: right },
      { title: "used", align: right },
      { title: "available", align: right },
      { title: "" },
    ];
    const rows = Object.entries(resources).map(([name, { total, used, available }]) => {
      const { word, unit } = resourceWords[name] ?? { word: name, unit: "" };
      return [word, amountOf(total, unit), amountOf(used, unit), amountOf(available, unit), gauge(used, total)];
    });
    const perHost = hosts.map(({ name, zone, resources: own }) => {
      const of = (resource: string): string[] => {
        const { total, used } = own[resource] ?? { total: 0, used: 0 };
        const unit = resourceWords[resource]?.unit ?? "";
        return [`${amountOf(used, unit)} of ${amountOf(total, unit)}`, gauge(used, total)];
      };
      return [paint.name(name), zone, ...of("milliEcu"), ...of("memoryMib")];
    });
    const hostColumns = [
      { title: "host" },
      { title: "zone" },
      { title: "compute used", align: right },
      { title: "" },
      { title: "memory used", align: right },
      { title: "" },
    ];
    return [
      ...table(columns, [["servers", "", count(servers)], ["vCPUs", "", count(vcpus)], ...rows], paint.faint),
      "",
      ...table(hostColumns, perHost, paint.faint),
    ];
  },

  kernel: ({ server, pid, group, checks }, paint) => {
    const columns = [{ title: server }, { title: "expected" }, { title: "found" }, { title: "" }];
    const rows = checks.map(({ what, expected, found, holds }) => [
      what,
      expected,
      found,
      holds ? paint.good("✔") : paint.bad("✘"),
    ]);
    const source = `read from ${group}, /proc/${pid}, tc, and its web server`;
    return [...table(columns, rows, paint.faint), paint.faint(source), ""];
  },
};

const limitText = (limit: number, unit: string): string =>
  limit === -1 ? "unlimited" : limit === 0 ? "none" : amountOf(limit, unit);

const quotaWords: Readonly<Record<string, string>> = {
  servers: "servers",
  vcpus: "vCPUs",
  milliEcu: "compute",
  internalFloatingIps: "internal floating IPs",
  externalFloatingIps: "external floating IPs",
  securityGroups: "security groups",
  diskGib: "instance storage",
  memoryMib: "memory",
  externalKbit: "external bandwidth",
};
