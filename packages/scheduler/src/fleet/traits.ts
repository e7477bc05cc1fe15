import type { PlacementRequest, RequestField } from "@cloudhost/core/ports";
import type { Rules } from "../rules.ts";

/** Requests of one class: rules cannot tell them apart. */
export type ClassKey = string;

/** Fields that rules read of a request, those of its groups apart: no two servers' groups are alike for long. */
export function traitsOf({ filters, weighers }: Rules): readonly RequestField[] {
  const reads = [...filters, ...weighers.map(({ weigher }) => weigher)].flatMap((rule) => rule.reads.request);
  return [...new Set(reads)].filter((field) => field !== "groups").toSorted();
}

/** What class a request is of, by the fields that rules read. */
export function classKey(request: PlacementRequest, traits: readonly RequestField[]): ClassKey {
  let key = request.groups.length > 0 ? "grouped" : "";
  for (const trait of traits) key += `|${traitOf(request, trait)}`;
  return key;
}

/** As a text that no other value has. */
function traitOf(request: PlacementRequest, trait: RequestField): string | number {
  const { image, requires, resources } = request;
  if (trait === "resources") return Object.values(resources).join();
  if (trait === "requires") return JSON.stringify(Object.entries(requires).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  if (trait === "image.architecture") return quoted(image.architecture);
  if (trait === "image.hypervisor") return quoted(image.hypervisor);
  if (trait === "zone" || trait === "projectId") return quoted(request[trait]);
  if (trait === "vcpus" || trait === "milliEcuPerVcpu") return request[trait];
  return (resources as Readonly<Record<string, number>>)[trait.slice("resources.".length)] ?? 0;
}

/** With its length before it, so that no text runs into the next. */
const quoted = (text: string | undefined): string => (text === undefined ? "" : `${text.length}:${text}`);
