import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { verifyWebhook } from "@cloudhost/notifiers";
import { expect, it } from "vitest";

const secret = "0123456789abcdef";

/** The other service: remembers the kinds of the events that it was told. */
async function receiver() {
  const kinds: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      kinds.push(verifyWebhook({ headers: request.headers, body: await text(request), secret }).kind);
      response.writeHead(204).end();
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    kinds,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

it("serves, tells another service, and ends when it is told to", async () => {
  await using opened = new AsyncDisposableStack();
  const state = await mkdtemp(join(tmpdir(), "cloudhost-service-"));
  opened.defer(() => rm(state, { recursive: true, force: true }));
  const other = opened.use(await receiver());
  const child = spawn("node", ["--conditions=@cloudhost/source", join(import.meta.dirname, "../src/main.ts")], {
    env: { ...process.env, PORT: "0", STATE: state, WEBHOOK_URL: other.url, WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  });
  opened.defer(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve) => {
    lines.on("line", (line) => {
      const at = /Server listening at (http:\S+?)"/.exec(line)?.[1];
      if (at !== undefined) resolve(at);
    });
  });

  const headers = { authorization: "Bearer token-of-amy", "content-type": "application/json" };
  const body = JSON.stringify({ name: "trainer-1", flavor: "g1.e1", image: "noise" });
  const created = await fetch(`${url}/servers`, { method: "POST", headers, body });
  expect(created.status).toBe(202);
  await expect.poll(() => other.kinds, { timeout: 15_000 }).toContain("server.create.succeeded");

  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});
