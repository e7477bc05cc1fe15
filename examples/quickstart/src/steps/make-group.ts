import { unlessMissing } from "../answers.ts";
import type { Tour } from "../tour.ts";

const name = "web";

/** A group whose servers are on different hosts, made unless an earlier run made it. @returns its name */
export async function makeGroup({ member, stop }: Tour): Promise<string> {
  const found = await stop.until(member.serverGroups.get(name).catch(unlessMissing));
  if (found === undefined) await stop.until(member.serverGroups.create({ name, policy: "anti-affinity" }));
  return name;
}
