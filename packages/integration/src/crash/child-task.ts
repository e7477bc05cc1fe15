import { HostConfig } from "@cloudhost/core";
import { z } from "zod";

/** What a child is told, as JSON in its environment. */
export const ChildTask = z.strictObject({
  folder: z.string(),
  database: z.string(),
  /** The hosts that it runs in the place of the case's own fakes: a host is data. */
  hosts: z.array(HostConfig).nullable(),
  /** The scenario to run, or `null`: only let what is under way come to its end. */
  scenario: z.string().nullable(),
  fails: z.boolean(),
  /** Each boundary that is reached is appended to this file. */
  log: z.string(),
  /** Where it dies: the so-manieth time that it reaches this boundary, or any at all. */
  kill: z.strictObject({ boundary: z.string().nullable(), time: z.int().min(1) }).nullable(),
});
export type ChildTask = z.infer<typeof ChildTask>;
