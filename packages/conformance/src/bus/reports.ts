import type { HostReport } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, until } from "./case.ts";
import type { BusCase, OpenBusSubject } from "./case.ts";

const inventory = {
  cpuModel: "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz",
  architecture: "x86_64" as const,
  hypervisor: "fake" as const,
  guestCores: 15,
  milliEcuPerCore: 4000,
  milliEcuEstimated: false,
  memoryMib: 64_600,
  diskGib: 687,
  resources: { gpu: 2 },
  internalKbit: 500_000,
  externalKbit: 250_000,
  milliEcu: 60_000,
  capabilities: { cpuQuota: true },
};

/** One report of each kind. */
function eachReport({ ids, clock }: BusCase, host: string): HostReport[] {
  const commandId = ids.next("cmd");
  const guest = { id: ids.next("srv"), power: "running", ready: "booting" } as const;
  return [
    { kind: "heartbeat", host, instance: "own_1", sequence: 1 },
    { kind: "inventory", host, inventory },
    { kind: "guestChanged", host, guest, atMs: clock.nowMs() },
    { kind: "commandProgress", host, commandId, percent: 12.5 },
    { kind: "commandEnded", host, reply: { state: "succeeded", commandId, result: { well: ["done"] } } },
    { kind: "networkApplied", host, revision: 7 },
  ];
}

const heartbeat = (host: string, sequence: number): HostReport => ({
  kind: "heartbeat",
  host,
  instance: "own_1",
  sequence,
});

/** What agents say by themselves. */
export function reportsSuite(open: OpenBusSubject): void {
  it(
    "brings each kind of report to everybody who listens",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      for (const report of eachReport(subject, "host-1")) {
        const heard: HostReport[][] = [[], []];
        const listeners = heard.map((reports) => subject.bus.reports().subscribe((some) => reports.push(some)));
        const seen = (): boolean => heard.every((reports) => reports.some(({ kind }) => kind === report.kind));
        await until(subject, seen, () => agent.report(report));
        for (const reports of heard) expect(reports.find(({ kind }) => kind === report.kind)).toEqual(report);
        for (const listener of listeners) listener.unsubscribe();
      }
    }),
  );

  it(
    "brings the reports of all hosts",
    eachCase(open, async (subject) => {
      const heard = new Set<string>();
      subject.bus.reports().subscribe(({ host }) => heard.add(host));
      const agents = [await subject.serve("host-1"), await subject.serve("host-2")];
      const report = (): void => {
        for (const [index, agent] of agents.entries()) agent.report(heartbeat(`host-${index + 1}`, 1));
      };
      await until(subject, () => heard.size === 2, report);
      expect([...heard].toSorted()).toEqual(["host-1", "host-2"]);
    }),
  );

  it(
    "keeps nothing for those who come later",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      const early: HostReport[] = [];
      subject.bus.reports().subscribe((report) => early.push(report));
      await until(
        subject,
        () => early.length > 0,
        () => agent.report(heartbeat("host-1", 1)),
      );
      await subject.clock.sleep(subject.quietAfterMs);
      const late: HostReport[] = [];
      subject.bus.reports().subscribe((report) => late.push(report));
      await until(
        subject,
        () => late.length > 0,
        () => agent.report(heartbeat("host-1", 2)),
      );
      expect(late.every((report) => report.kind === "heartbeat" && report.sequence === 2)).toBe(true);
    }),
  );

  it(
    "does not hinder an agent when a listener has left",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      const heard: HostReport[] = [];
      const listener = subject.bus.reports().subscribe((report) => heard.push(report));
      listener.unsubscribe();
      agent.report(heartbeat("host-1", 1));
      await subject.clock.sleep(subject.quietAfterMs);
      expect(heard).toEqual([]);
    }),
  );
}
