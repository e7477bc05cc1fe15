import { plural, seconds } from "./amounts.ts";
import type { Pages } from "./page.ts";
import { shortPath } from "./short-path.ts";

/** How it ends: done, stopped or failed. */
export const endingPages: Pages<"done" | "stopping" | "stopped" | "failed"> = {
  done: ({ ms, state, images, operations }, paint) => {
    const command = (text: string, what: string): string => `  ${paint.name(text.padEnd(44))} ${what}`;
    const folder = shortPath(state);
    return [
      "",
      paint.good(`Done in ${seconds(ms)}.`) +
        ` ${folder} keeps ${plural(images, "image")} and the history of ${plural(operations, "operation")}; nothing else is left.`,
      "",
      paint.strong("Where to go next"),
      command("npm run quickstart", "again: it finds its project, flavors and images"),
      command("npm run quickstart -- --image disk.qcow2", "with a disk image of yours"),
      command("npm run quickstart -- --driver libvirt", "with real guests, as root"),
      command("npm run quickstart -- --json", "for programs: a line of JSON an event"),
      command("examples/quickstart/src/fake-tour.ts", "how it is done: read on there"),
      command("examples/service", "the same inside a service of yours"),
      command(`rm -r ${folder}`, "forget all of it"),
    ];
  },

  stopping: ({ signal }, paint) => [
    "",
    paint.refusal(`${stopWords[signal] ?? signal}: what is under way is brought to an end.`),
  ],

  stopped: ({ inTime, state }) => [
    inTime
      ? `Stopped. The next run goes on with ${shortPath(state)}: it first finishes or removes what is half done.`
      : `Stopped, but not all could be put away in time. The next run with ${shortPath(state)} does it first.`,
  ],

  failed: ({ message, advice }, paint) => [paint.bad(message), ...advice],
};

const stopWords: Readonly<Record<string, string>> = {
  SIGINT: "Ctrl-C",
  SIGTERM: "Asked to end",
  SIGHUP: "The terminal is gone",
};
