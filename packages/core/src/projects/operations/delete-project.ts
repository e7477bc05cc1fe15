import { z } from "zod";
import { defineOperation } from "../../operations/definition.ts";

/** Who asked for it: what it deletes is logged as asked for by them. */
export const DeleteProjectPlan = z.strictObject({ userId: z.string() });

/**
 * Deletes a project with everything of it. Servers and images are deleted by operations of their own, which it begins
 * and waits for; what are only rows goes with the project. It only goes forward: given up, it leaves the project
 * suspended, with what is left in it.
 */
export const deleteProject = defineOperation("project.delete", DeleteProjectPlan)
  .pointOfNoReturn()
  .act("servers", {
    on: () => null,
    run: ({ emptier, input, projectId }) => emptier.deleteServers(projectId, input.userId),
  })
  .act("images", {
    on: () => null,
    run: ({ emptier, input, projectId }) => emptier.deleteImages(projectId, input.userId),
  })
  .record("project", {
    write: ({ projects, projectId, nowMs }) => [projects.deleteWithRows(projectId, nowMs)],
  })
  .failed(({ projects, projectId }) => projects.deletionGivenUp(projectId));
