import { isCloudHostError } from "@cloudhost/core";
import { amy, olga } from "@cloudhost/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openService } from "./open-service.ts";
import type { TestService } from "./open-service.ts";

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service[Symbol.asyncDispose]());

/** The host that a new server is on, or the code of the error. */
async function placeOf(name: string, flavor: string): Promise<string | null> {
  try {
    const operation = await service.cloud.as(amy).servers.create({ name, flavor, image: "debian-12" });
    const { id } = await operation.result();
    return (await service.cloud.as(olga).servers.get(id)).host;
  } catch (error) {
    if (isCloudHostError(error)) return error.code;
    throw error;
  }
}

describe("GPUs", () => {
  it("are kept for servers that need one", async () => {
    const places = await Promise.all(["a", "b", "c", "d"].map((name) => placeOf(name, "c1.e1")));
    expect(places).not.toContain("gpu-1");
    expect(await placeOf("trainer", "g1.e1")).toBe("gpu-1");
  });

  it("are never oversold, whoever is first", async () => {
    const places = await Promise.all(["e", "f", "g", "h", "i", "j"].map((name) => placeOf(name, "g1.e1")));
    const count = (place: string): number => places.filter((other) => other === place).length;
    expect({ placed: count("gpu-1"), refused: count("NO_VALID_HOST") }).toEqual({ placed: 3, refused: 3 });
    const { resources } = await service.cloud.as(olga).statistics.now();
    expect(resources["gpu"]).toEqual({ total: 4, used: 4, available: 0 });
  });
});
