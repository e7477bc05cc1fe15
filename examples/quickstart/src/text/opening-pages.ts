import { count, ecu, bandwidth, memory, plural, seconds } from "./amounts.ts";
import type { Pages } from "./page.ts";
import { shortPath } from "./short-path.ts";
import { table } from "./table.ts";

/** Where the tour begins: what is there. */
export const openingPages: Pages<"started" | "step" | "waiting" | "daemon" | "found" | "recovered" | "hosts"> = {
  started: ({ driver, state, continues }, paint) => [
    `${paint.strong("cloudhost quickstart")}: ${about[driver]}`,
    `${continues ? "Goes on with" : "Keeps everything in"} ${paint.name(shortPath(state))}`,
  ],

  step: ({ number, of, title }, paint) => ["", `${paint.faint(`${number}/${of}`)}  ${paint.strong(title)}`],

  waiting: (event, paint) => [paint.faint(`waiting for ${event.for}: ${seconds(event.atMostMs)} at most`)],

  daemon: ({ socket, pid, virtType }, paint) => [
    pid === null
      ? `The libvirtd at ${paint.name(socket)}, which was there.`
      : `A libvirtd of its own, process ${paint.name(String(pid))}: ${paint.name(`virsh -c 'qemu:///system?socket=${socket}' list`)}`,
    ...(virtType === "qemu" ? [paint.faint("KVM is of no use here: guests run in emulation, which is slow.")] : []),
  ],

  found: ({ images, operations }, paint) => [
    paint.faint(
      `From earlier: ${images.length === 0 ? "no image" : `${plural(images.length, "image")} (${images.join(", ")})`}, ` +
        `${plural(operations, "operation")} in the history.`,
    ),
  ],

  recovered: ({ operations, servers, images }) => {
    const ended = operations.map(({ kind, state }) => `${kind} ${outcomes[state] ?? state}`);
    const deleted = [...servers.map((name) => `server ${name}`), ...images.map((name) => `image ${name}`)];
    return [
      "An earlier run was cut off. What it left half done:",
      ...(ended.length === 0 ? [] : [`  ${plural(ended.length, "operation")} brought to an end: ${ended.join(", ")}`]),
      ...(deleted.length === 0 ? [] : [`  deleted: ${deleted.join(", ")}`]),
    ];
  },

  hosts: ({ hosts }, paint) => {
    const right = "right" as const;
    const columns = [
      { title: "host" },
      { title: "zone" },
      { title: "processor" },
      { title: "cores", align: right },
      { title: "EUCU", align: right },
      { title: "memory", align: right },
      { title: "disk", align: right },
      { title: "internal", align: right },
      { title: "external", align: right },
    ];
    const rows = hosts.map(({ name, zone, cpuModel, guestCores, milliEcuPerCore, resources }) => {
      const total = (resource: string): number => resources[resource]?.total ?? 0;
      return [
        paint.name(name),
        zone,
        shortModel(cpuModel),
        `${guestCores} × ${ecu(milliEcuPerCore)}`,
        ecu(total("milliEcu")),
        memory(total("memoryMib")),
        `${count(total("diskGib"))} GiB`,
        bandwidth(total("internalKbit")),
        bandwidth(total("externalKbit")),
      ];
    });
    const estimated = hosts.filter(({ milliEcuEstimated }) => milliEcuEstimated).map(({ name }) => name);
    return [
      ...table(columns, rows, paint.faint),
      paint.faint(
        "What guests can have: each host's own reserve is taken off. 1 EUCU is 1/4 of an Intel E5-2650 core.",
      ),
      ...(estimated.length === 0
        ? []
        : [paint.refusal(`The EUCU of ${estimated.join(", ")} are an estimate: this processor was never calibrated.`)]),
    ];
  },
};

const about = {
  fake: "a whole cloud on this computer, on three hosts that are only pretended",
  libvirt: "a cloud of one host, this computer, with real guests",
};

const outcomes: Readonly<Record<string, string>> = {
  succeeded: "finished",
  failed: "taken back",
  stuck: "is stuck: somebody must look",
};

const shortModel = (model: string): string =>
  model
    .replaceAll(/\((R|TM)\)/gi, "")
    .replace(/@.*$/, "")
    .replaceAll(/\b(CPU|Processor|0)\b/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 32);
