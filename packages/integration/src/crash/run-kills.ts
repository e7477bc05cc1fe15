import { rm } from "node:fs/promises";
import type { CaseDatabase, Kill, KillOutcome } from "./harness.ts";
import { CrashHarness } from "./harness.ts";
import { scenarios } from "./scenarios.ts";

/** Every kill of every operation in both directions, or a part of them. */
export interface KillPlan {
  /** A folder of this run alone. */
  readonly folder: string;
  /** A database for a scenario. */
  readonly database: (scenario: string) => Promise<CaseDatabase>;
  /** Which of all kills to make, by its number among them. */
  readonly picks: (kill: Kill, index: number) => boolean;
  /** Operations to take, where not all. */
  readonly only?: readonly string[];
  /** Told of each kill that was made. */
  readonly made?: (outcome: KillOutcome) => void;
}

/** Of so many kills, one whose next process is killed too; at its first boundary, then its second, up to the fifth. */
const againEvery = 3;
const againAtMost = 5;

/** What a run of {@link runKills} did. */
export interface KillReport {
  /** Every kill that could be made. */
  readonly possible: readonly Kill[];
  readonly outcomes: readonly KillOutcome[];
}

/** Makes the picked kills, three operations side by side: much of a kill is waiting for the end of the lease of who died. */
export async function runKills({ folder, database, picks, only, made }: KillPlan): Promise<KillReport> {
  const possible: Kill[] = [];
  const outcomes: KillOutcome[] = [];
  const waiting = Object.keys(scenarios).filter((name) => only === undefined || only.includes(name));
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const harness = new CrashHarness(`${folder}/${name}`, await database(name), name);
      await harness.prepare();
      const back = harness.goesBack ? await harness.kills(true) : [];
      const first = possible.length;
      const kills = [...(await harness.kills(false)), ...back.filter(leadsBack(name))].map((kill, index) =>
        withSecond(kill, first + index),
      );
      possible.push(...kills);
      for (const [index, kill] of kills.entries()) {
        if (!picks(kill, first + index)) continue;
        const outcome = await harness.kill(kill);
        outcomes.push(outcome);
        made?.(outcome);
      }
      await rm(`${folder}/${name}`, { recursive: true, force: true });
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return { possible, outcomes };
}

const withSecond = (kill: Kill, index: number): Kill =>
  index % againEvery === 0 ? { ...kill, again: 1 + ((index / againEvery) % againAtMost) } : kill;

/** Of the boundaries of a run that fails, those on its way back: the way there is the other run's. */
const leadsBack = (scenario: string): ((kill: Kill) => boolean) => {
  const kind = kindOf(scenario);
  let back = false;
  return ({ boundary }) => {
    if (boundary.startsWith(`${kind} undo`)) back = true;
    return back;
  };
};

/** The kind of a scenario's operation. */
const kindOf = (scenario: string): string => scenarios[scenario]?.kind ?? scenario;

/** How many kills were made, per operation, step, direction and database. */
export function killSummary({ possible, outcomes }: KillReport): string {
  const rows = new Map<string, number>();
  for (const { scenario, fails, boundary, dialect } of outcomes) {
    const direction = fails ? "back" : "there";
    const step = boundary.startsWith("agent:")
      ? boundary.slice("agent:".length)
      : boundary.slice(kindOf(scenario).length + 1);
    const row = `${dialect.padEnd(8)} ${scenario.padEnd(14)} ${direction.padEnd(5)} ${step}`;
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  const lines = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([row, count]) => `${row.padEnd(64)} ${count}`);
  const made = outcomes.filter(({ killed }) => killed > 0).length;
  const again = outcomes.filter(({ killed }) => killed > 1).length;
  return [
    ...lines,
    `${made} of ${possible.length} possible kills were made; of ${again} the next process was killed too`,
    `${outcomes.length - made} were not reached when they were to be made`,
  ].join("\n");
}
