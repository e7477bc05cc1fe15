import { builtInResources } from "../ports/host.ts";
import type { QuotaName } from "../quotas/model.ts";

/** A name as columns have it: `milliEcu` → `milli_ecu`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The columns of the built-in resources, in the order of {@link builtInResources}. */
export const builtInColumns: readonly string[] = builtInResources.map(snakeCase);

/** The column of a quota's limit or use. */
export const quotaColumn = (name: QuotaName, which: "limit" | "used"): string => `${snakeCase(name)}_${which}`;
