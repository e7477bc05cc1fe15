/**
 * What a user of the packages might write: it touches each of them, and every line of it type-checks against what was
 * packed. `../check-packed.ts` runs it in a project that has nothing of this repository.
 */
import { describeComputeDriver } from "@cloudhost/conformance";
import { createCloud, explanationText, host, isCloudHostError, kbitFromMbit } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { libvirt } from "@cloudhost/driver-libvirt";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { isLibvirtError } from "@cloudhost/libvirt-rpc";
import { linuxNetwork } from "@cloudhost/network-qos";
import { filterScheduler } from "@cloudhost/scheduler";
import { amy, createTestCloud } from "@cloudhost/testing";

const huge = { name: "huge", vcpus: 64, milliEcuPerVcpu: 1000, memoryMib: 1024, systemDiskGib: 10 };
await using cloud = await createTestCloud({ hosts: 2, flavors: [huge] });
const album = cloud.as(amy);

const create = await album.servers.create({
  name: "web-1",
  flavor: "c2.e4",
  image: "debian-12",
  externalKbit: kbitFromMbit(10),
});
console.log(`${(await create.result()).name} runs`);

try {
  await (await album.servers.create({ name: "big", flavor: "huge", image: "debian-12" })).result();
} catch (error) {
  if (isCloudHostError(error, "NO_VALID_HOST")) console.log(explanationText(error.details.explanation));
  else throw error;
}

// What a product puts together by itself. A host is data: nothing of it is opened here.
const real = host({
  name: "host-1",
  zone: "az-1",
  compute: libvirt({ uri: "qemu:///system" }),
  network: linuxNetwork({ internal: "eth0", external: "eth1" }),
});
console.log(`${real.name} keeps ${real.reserve.cores} core for itself`);
await using own = await createCloud({
  database: "sqlite:./cloud.db",
  scheduler: filterScheduler({ chain: ["ComputeFilter", "ECUFilter", "RamFilter", "DiskFilter", "NetworkFilter"] }),
  images: imageStore({ backend: memoryBackend() }),
  hosts: fakeFleet({ hosts: 1 }),
});
console.log(typeof own.as, typeof describeComputeDriver, isLibvirtError(new Error("of another kind")));
