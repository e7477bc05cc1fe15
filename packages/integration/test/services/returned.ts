import type { Host } from "@cloudhost/core";
import { olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";

/** Lets a fenced host come back, and waits until it has. */
export async function returned(cloud: TestCloud, host: string): Promise<Host> {
  const unfence = await cloud.as(olga).hosts.unfence(host);
  await cloud.clock.advance({ seconds: 30 });
  return unfence.result();
}
