import { isCloudHostError } from "@cloudhost/core";
import { createTestCloud } from "@cloudhost/testing";

// A flavor of that name is there already: everything else is open by then.
const flavors = [{ name: "c1.e1", vcpus: 1, milliEcuPerVcpu: 1, memoryMib: 16, systemDiskGib: 1 }];
try {
  await createTestCloud({ hosts: 1, flavors });
} catch (error) {
  if (isCloudHostError(error)) console.log(error.code, error.message);
}
