import { builtInResources } from "../ports/host.ts";
import type { QuotaName } from "../quotas/model.ts";

const known = new Map<string, string>();

/** A name as columns have it: `milliEcu` → `milli_ecu`. There are few, and they are asked for with each claim. */
export function snakeCase(name: string): string {
  const column = known.get(name) ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  known.set(name, column);
  return column;
}

/** The columns of the built-in resources, in the order of {@link builtInResources}. */
export const builtInColumns: readonly string[] = builtInResources.map(snakeCase);

/** The column of a quota's limit or use. */
export const quotaColumn = (name: QuotaName, which: "limit" | "used"): string => `${snakeCase(name)}_${which}`;
