import { defineFilter } from "@cloudhost/core/ports";

/** Keeps the hosts that can run the server's image: of its architecture, and its hypervisor where it names one. */
export const imagePropertiesFilter = defineFilter({
  name: "ImagePropertiesFilter",
  reads: { request: ["image.architecture", "image.hypervisor"], host: ["architecture", "hypervisor"] },
  check: ({ image }, host) => {
    for (const property of ["architecture", "hypervisor"] as const) {
      const need = image[property];
      if (need !== undefined && host[property] !== need) return { need, have: host[property] };
    }
    return true;
  },
});
