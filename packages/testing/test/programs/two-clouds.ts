import { amy, createTestCloud } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";

async function create(cloud: TestCloud): Promise<string> {
  const operation = await cloud.as(amy).servers.create({ name: "web-1", flavor: "c1.e1", image: "debian-12" });
  return (await operation.result()).id;
}

await using one = await createTestCloud({ hosts: 1 });
await using another = await createTestCloud({ hosts: 1 });
console.log((await create(one)) === (await create(another)), one.seed);
