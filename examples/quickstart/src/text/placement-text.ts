import type { Candidate, Placement, TurnedAway } from "../events.ts";
import { amountOf, percent, resourceWords } from "./amounts.ts";

/** Why a server went where it went: a sentence about the hosts that could take it, and one about the others. */
export function placementText({ candidates, turnedAway }: Placement): string[] {
  const [best, ...others] = candidates;
  if (best === undefined) return [];
  const reasons = [...Map.groupBy(turnedAway, reasonText)];
  const no = reasons.map(([reason, hosts]) => `not ${hosts.map(({ host }) => host).join(", ")}: ${reason}`);
  return [choiceText(best, others), ...(no.length === 0 ? [] : [no.join("; ")])];
}

/** The scheduler fills one host after another; what it leaves even, the request's seed decides. */
function choiceText(best: Candidate, others: readonly Candidate[]): string {
  if (others.length === 0) return `only ${best.host} can take it`;
  const even = others.filter((other) => other.percent === best.percent);
  const less = others.filter((other) => other.percent !== best.percent);
  return [
    `fills ${best.host} to ${full(best)}`,
    ...(even.length === 0 ? [] : [`as it would ${even.map(({ host }) => host).join(" and ")}, so a seed decides`]),
    ...(less.length === 0 ? [] : [`and less of ${less.map((other) => `${other.host}: ${full(other)}`).join(", ")}`]),
  ].join(", ");
}

const full = ({ resource, percent: share }: Candidate): string =>
  `${percent(share)} of its ${resourceWords[resource]?.word ?? resource}`;

/** Why a host was turned away, to be put behind its name. */
export function reasonText({ filter, need, have, unit = "" }: TurnedAway): string {
  const [has, needs] = [have, need].map((value) => (typeof value === "number" ? amountOf(value, unit) : value));
  switch (filter) {
    case "AvailabilityZoneFilter":
      return `in ${has}`;
    case "EcuPerCoreFilter":
      return `a core has ${has}, a vCPU of this flavor needs ${needs}`;
    case "ServerGroupAntiAffinityFilter":
      return "has one of its group already";
    default:
      return `has ${has}, needs ${needs} (${filter})`;
  }
}
