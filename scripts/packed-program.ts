import { explanationText, type PlacementRequest } from "@cloudhost/core/ports";
import { filterScheduler } from "@cloudhost/scheduler";

const request: PlacementRequest = {
  seed: "op_1",
  serverName: "web-1",
  projectId: "album",
  vcpus: 1,
  milliEcuPerVcpu: 1000,
  resources: { milliEcu: 1000, memoryMib: 1024, diskGib: 10, internalKbit: 8000, externalKbit: 0 },
  zone: undefined,
  groups: [],
  image: { architecture: undefined, hypervisor: undefined },
};

console.log(explanationText(filterScheduler().openFleet().explain(request)));
