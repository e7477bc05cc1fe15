import type { Cloud } from "@cloudhost/core";
import { fakeFaults, fakePower } from "@cloudhost/driver-fake";
import type { CloudPlaces } from "../checker/finding.ts";
import { fleetIn, openCase } from "./cloud-folder.ts";

/** Waits until nothing is under way any more. */
export async function letAllEnd(cloud: Cloud): Promise<void> {
  const { operations } = cloud.as({ userId: "olga", roles: ["operator"] });
  for (const state of ["running", "undoing"] as const) {
    for await (const { id } of operations.list({ state })) await (await operations.result(id)).result().catch(() => {});
  }
}

/**
 * Opens the cloud of a case whose process was killed, and lets what was under way come to its end. To the cloud this is
 * another process; it is the harness's own, so that none has to be started for it.
 * @throws Error when that takes too long
 */
export async function recover(places: CloudPlaces, mostMs = 60_000): Promise<void> {
  const fleet = fleetIn(places);
  const power = fakePower(fleet);
  // As a new process would find them.
  fakeFaults(fleet).clear();
  for (const { name } of fleet) await power.restore(name);
  await using cloud = await openCase(places, { concurrency: 4, fence: power });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`It has not ended within ${mostMs} ms.`)), mostMs);
  try {
    await Promise.race([letAllEnd(cloud), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
