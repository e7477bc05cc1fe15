import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { serverStatesPage, serverStatesPath } from "../server-states.ts";

describe("the page of server states", () => {
  it("is what the table of actions makes of it: npm run server-states", async () => {
    expect(await readFile(serverStatesPath, "utf8")).toBe(serverStatesPage());
  });

  it("has a line of each action in its matrix, and a text", () => {
    const page = serverStatesPage();
    expect(page).toMatch(/\| `rebuild` \|(  \|)? ● \|/);
    expect(page).toContain("### confirmResize");
    expect(page).not.toContain("undefined");
  });
});
