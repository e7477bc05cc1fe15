import { z } from "zod";

/**
 * The nine quotas of a project, each with its base unit and the limit a new project gets. `-1` is unlimited, `0` none.
 * The figures are a large company's private cloud's.
 */
export const quotaDefinitions = {
  servers: { unit: "servers", defaultLimit: 30 },
  vcpus: { unit: "vCPUs", defaultLimit: 60 },
  milliEcu: { unit: "mEUCU", defaultLimit: 120_000 },
  internalFloatingIps: { unit: "addresses", defaultLimit: 30 },
  externalFloatingIps: { unit: "addresses", defaultLimit: 0 },
  securityGroups: { unit: "groups", defaultLimit: 30 },
  diskGib: { unit: "GiB", defaultLimit: -1 },
  memoryMib: { unit: "MiB", defaultLimit: 122_880 },
  externalKbit: { unit: "kbit/s", defaultLimit: 100_000 },
} as const;

/** A quota's name. */
export type QuotaName = keyof typeof quotaDefinitions;

/** Every quota's name, in the order in which they are shown. */
export const quotaNames = Object.keys(quotaDefinitions) as readonly QuotaName[];

/** A limit: `-1` is unlimited, `0` none. */
export const QuotaLimit = z.int().min(-1);

/** Limits to change; what is not named stays. */
export const QuotaLimits = z.strictObject(
  Object.fromEntries(quotaNames.map((name) => [name, QuotaLimit.optional()])) as Record<
    QuotaName,
    z.ZodOptional<typeof QuotaLimit>
  >,
);
export type QuotaLimits = z.infer<typeof QuotaLimits>;

/** One quota of a project and what of it is used, in its base unit. */
export interface QuotaUse {
  readonly quota: QuotaName;
  readonly unit: string;
  /** `-1` is unlimited. */
  readonly limit: number;
  readonly used: number;
  /** `-1` is unlimited; never below 0, also when the limit was lowered below the use. */
  readonly available: number;
}
