import type { Command } from "commander";
import { inSession } from "../session.ts";
import type { CommonOptions } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { bytesText, tableText } from "../text.ts";

/** Adds `list`, `delete` and `stats`. */
export function addImageCommands(program: Command, terminal: Terminal): void {
  program
    .command("list")
    .summary("list the images")
    .description("Lists every image: its name, the size of its address space, and the digest of its manifest.")
    .argument("<REPO>", "where the images are")
    .addHelpText("after", "\nExample:\n  cloudhost-images list ./images --json | jq -r .name")
    .action(async (repository: string, options: CommonOptions) =>
      inSession(terminal, repository, options, true, async ({ store, result }) => {
        const images = [];
        for await (const image of store.list()) images.push(image);
        images.sort((a, b) => (a.name < b.name ? -1 : 1));
        if (options.json === true) {
          for (const image of images) result(image, () => "");
          return;
        }
        const rows = images.map(({ name, logicalBytes, digest }) => [name, bytesText(logicalBytes), digest]);
        terminal.print(rows.length === 0 ? "No images." : tableText(rows));
      }),
    );

  program
    .command("delete")
    .summary("delete an image")
    .description("Removes a name, and the chunks that no other image has. A name that is not there is already deleted.")
    .argument("<REPO>", "where the images are")
    .argument("<NAME>", "the image")
    .addHelpText("after", "\nExample:\n  cloudhost-images delete ./images nightly")
    .action(async (repository: string, name: string, options: CommonOptions) =>
      inSession(terminal, repository, options, true, async ({ store, result }) => {
        const there = await store.get(name);
        await store.delete(name, { signal: terminal.signal });
        result({ name, deleted: there !== undefined }, () =>
          there === undefined ? `There was no ${name}.` : `${name} is deleted.`,
        );
      }),
    );

  program
    .command("stats")
    .summary("say how much is stored")
    .argument("<REPO>", "where the images are")
    .addHelpText("after", "\nExample:\n  cloudhost-images stats ./images")
    .action(async (repository: string, options: CommonOptions) =>
      inSession(terminal, repository, options, true, async ({ store, result }) => {
        const stats = await store.stats();
        result(stats, () =>
          tableText([
            ["images", String(stats.images)],
            ["their address spaces", bytesText(stats.logicalBytes)],
            ["chunks", String(stats.chunks)],
            ["stored", bytesText(stats.storedBytes)],
          ]),
        );
      }),
    );
}
