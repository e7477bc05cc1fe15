import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["@cloudhost/source"] },
  ssr: { resolve: { conditions: ["@cloudhost/source"] } },
  test: { include: ["suite.fixture.ts"] },
});
