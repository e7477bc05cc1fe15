import { defineFilter, type Filter } from "@cloudhost/core/ports";
import { z } from "zod";

/** Parameters of DedicatedHostsFilter. */
export const DedicatedHostsParameters = z.strictObject({
  /** The property of aggregates whose value is the id of a project. @defaultValue project */
  property: z.string().min(1).default("project"),
});

/**
 * Keeps hosts that an aggregate dedicates to projects for the servers of those projects; hosts that none dedicates are
 * everybody's. Its answers are another project's no more: each project has a class of requests of its own.
 */
export const dedicatedHostsFilter = ({ property }: z.output<typeof DedicatedHostsParameters>): Filter =>
  defineFilter({
    name: "DedicatedHostsFilter",
    reads: { request: ["projectId"], host: ["properties"] },
    check: ({ projectId }, { properties }) => {
      const projects = Object.hasOwn(properties, property) ? properties[property]! : undefined;
      if (projects === undefined || projects.includes(projectId)) return true;
      return { need: `${property}=${projectId}`, have: `${property}=${projects.join(",")}` };
    },
  });
