import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serverActions } from "@cloudhost/core";
import type { ServerActionName, ServerActionRule } from "@cloudhost/core";
import { ServerState } from "@cloudhost/core/ports";
import { root } from "./workspace.ts";

/** What each state means. */
const states: Readonly<Record<ServerState, string>> = {
  building: "It is being created, or its disks are being made anew: `busy` until it runs.",
  active: "It runs.",
  stopped: "It has no power. What it claims stays its own.",
  paused: "Its vCPUs stand; its memory is on its host.",
  suspended: "Its memory is on its host's disk, and it has no power.",
  rescued: "It runs from another image, its own disks beside it.",
  resized: "It has its new size, running or stopped as before, until that is confirmed or reverted.",
  shelved:
    "It is on no host and claims nothing there; its disks are in the image store. Its addresses stay its own, and it counts as one server.",
  softDeleted:
    "It is deleted and can be restored until `restorableUntilMs`. It has no power; what it claims stays its own.",
  deleting: "It is being deleted: `busy` until it is gone.",
  deleted: "It is gone: found no more, kept as history.",
  error: "An operation failed and left it unusable; `fault` says how. It is deleted, rebuilt or rebooted hard.",
};

/** What each action does, and what of the server stays. */
const actions: Readonly<Record<ServerActionName, string>> = {
  start: "Gives a stopped server its power.",
  stop: "Asks its OS to end, and cuts its power after `graceMs`. The memory of a paused or suspended one is lost.",
  reboot: "Asks its OS to restart; after `graceMs` its power is cut and given again.",
  hardReboot: "Cuts its power and gives it again at once (`reboot` with `hard: true`).",
  pause: "Halts its vCPUs.",
  unpause: "Lets it go on.",
  suspend: "Writes its memory to its host's disk and takes its power.",
  resume: "Lets it go on from the memory that was written.",
  rebuild:
    "Makes its system disk anew from an image and its ephemeral disk empty. Id, addresses, flavor, host and data disks stay. What was in `error` is `active` then.",
  rescue: "Starts it from another image, its own disks beside it, so that they can be put right.",
  unrescue: "Ends the rescue and throws its disk away; what ran before runs again from its own disk.",
  resize:
    "Gives it another flavor. Live where it can be: then it stays `active`, and nothing waits for an answer. Else on its host or another one, where both sizes are claimed until one of them is chosen.",
  confirmResize: "Keeps the new size and lets the old one go.",
  revertResize: "Goes back to the old size and lets the new one go.",
  migrate: "Moves it to another host, its power taken meanwhile.",
  shelve:
    "Stops it, stores what it has written on its disks in the image store, and gives its place back. Id, name, tags, addresses and group stay.",
  unshelve: "Gives it a place again, with its disks and addresses as they were; what ran runs again.",
  createDisk: "Gives it one more data disk, empty: at once where it runs, else for its next start.",
  deleteDisk: "Takes a data disk out of it, and deletes it with all that is on it.",
  attachInterface:
    "Gives it one more network interface with an address: at once where it runs, else for its next start.",
  detachInterface: "Takes a network interface away, any but the first.",
  evacuate:
    "Makes it anew on another host, once its own is fenced. Id, addresses and size stay; its disks are new. What was paused or suspended is `stopped` then.",
  snapshot: "Makes an image of its system disk while it goes on (`images.snapshot`).",
  delete:
    "Deletes it. With a time to restore it (`restoreMs`) it is `softDeleted` first, unless it is in `error` or `resized`; deleted again, it is gone at once.",
  restore: "Takes a deletion back. What was paused has lost its memory, and is `stopped`.",
  update: "Gives it another name, or other tags.",
  lock: "Keeps its project from changing it, until it is unlocked.",
  unlock: "Takes the lock away. An operator's lock only operators take away.",
  console: "Reads the end of what it wrote to its serial console.",
};

const locks = {
  "any lock": "A lock keeps it off.",
  "an operator's lock": "An operator's lock keeps it off.",
  "no lock": "No lock keeps it off.",
} as const;

/** `docs/server-states.md`, made from the one table of actions. */
export function serverStatesPage(): string {
  const found = Object.entries(serverActions) as [ServerActionName, ServerActionRule][];
  const shown = ServerState.options.filter((state) => state !== "deleted");
  return `# Server states and actions

<!-- Made by \`npm run server-states\` from packages/core/src/servers/actions.ts. A test keeps it so. -->

What can be asked of a server depends on its state alone. In every other state it is refused with \`CONFLICT\`: the error's details have the state and the states that would do, its message the reason. While an operation has the server (\`busy\`), whatever would have it for itself is refused too, as \`retryable\`. A product finds the same table as \`serverActions\` in \`@cloudhost/core\`. A server that [was adopted](guides/take-over-guests.md) is refused what needs the image that a server was made of, with \`UNSUPPORTED\`, until it is rebuilt: \`rescue\`, \`resize\`, \`migrate\`, \`shelve\` and \`createDisk\`.

## States

${ServerState.options.map((state) => `- \`${state}\`: ${states[state]}`).join("\n")}

## What is allowed

Each dot is a pair that works; a test tries all of them, and all of the others.

${table([
  ["", ...shown.map((state) => `\`${state}\``)],
  ["---", ...shown.map(() => ":-:")],
  ...found.map(([action, { from }]) => [`\`${action}\``, ...shown.map((state) => (from.includes(state) ? "●" : ""))]),
])}

Nothing can be asked of a server that is \`deleted\`: it is found no more.

## Actions

${found.map(([action, rule]) => section(action, rule)).join("\n\n")}
`;
}

const section = (action: ServerActionName, { from, to, exclusive, heldOffBy, needsHost }: ServerActionRule): string =>
  [
    `### ${action}\n\n${actions[action]}`,
    `From ${from.map((state) => `\`${state}\``).join(", ")}${to === "before" ? "; it goes back to its state" : ` to \`${to}\``}.`,
    ...(exclusive ? [] : ["It waits for no operation."]),
    ...(needsHost && from.includes("error") ? ["Refused where the server has no host."] : []),
    locks[heldOffBy],
  ].join(" ");

const table = (rows: readonly (readonly string[])[]): string => rows.map((row) => `| ${row.join(" | ")} |`).join("\n");

/** Where the page is. */
export const serverStatesPath = join(root, "docs/server-states.md");

if (import.meta.main) await writeFile(serverStatesPath, serverStatesPage());
