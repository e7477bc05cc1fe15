import { bytesFromGib, mibFromGib, milliEcuFromEcu } from "@cloudhost/core";
import type { CreateFlavor, Flavor, Image } from "@cloudhost/core";
import { unlessMissing } from "../answers.ts";
import { projectName } from "../tour.ts";
import type { Tour } from "../tour.ts";

/** A size on sale. */
export interface Size {
  readonly vcpus: number;
  readonly ecuPerVcpu: number;
  readonly memoryMib: number;
  readonly systemDiskGib: number;
}

/** The project, made unless an earlier run made it. */
export async function makeProject({ operator, say, stop }: Tour): Promise<void> {
  const found = await stop.until(operator.projects.get(projectName).catch(unlessMissing));
  const project = found ?? (await stop.until(operator.projects.create({ name: projectName })));
  say({ event: "project", id: project.id, name: project.name, found: found !== undefined });
}

/**
 * Flavors of these sizes, each with a system disk that the image fits on; those of an earlier run are used again.
 * @returns their names, in the same order
 */
export async function sellFlavors(
  { operator, say, stop }: Tour,
  image: Pick<Image, "logicalBytes">,
  sizes: readonly Size[],
): Promise<string[]> {
  const imageGib = Math.ceil((image.logicalBytes ?? 0) / bytesFromGib(1));
  const flavors: Flavor[] = [];
  for (const wanted of sizes.map((size) => flavorOf(size, imageGib))) {
    const found = await stop.until(operator.flavors.get(wanted.name).catch(unlessMissing));
    flavors.push(found ?? (await stop.until(operator.flavors.create(wanted))));
  }
  say({
    event: "flavors",
    flavors: flavors.map(({ name, vcpus, milliEcuPerVcpu, memoryMib, systemDiskGib }) => {
      return { name, vcpus, milliEcuPerVcpu, memoryMib, systemDiskGib };
    }),
  });
  return flavors.map(({ name }) => name);
}

/** Named after its compute, as in c2.e4: 2 vCPUs with 4 EUCU together. */
function flavorOf({ vcpus, ecuPerVcpu, memoryMib, systemDiskGib }: Size, imageGib: number): CreateFlavor {
  const name = `c${vcpus}.e${vcpus * ecuPerVcpu}`;
  return {
    name: imageGib <= systemDiskGib ? name : `${name}.d${imageGib}`,
    vcpus,
    milliEcuPerVcpu: milliEcuFromEcu(ecuPerVcpu),
    memoryMib,
    systemDiskGib: Math.max(systemDiskGib, imageGib),
  };
}

/** What the tour sells: three that fit, and one that is too large by then. */
export const sizes = {
  small: { vcpus: 1, ecuPerVcpu: 1, memoryMib: 512, systemDiskGib: 10 },
  medium: { vcpus: 2, ecuPerVcpu: 2, memoryMib: mibFromGib(2), systemDiskGib: 20 },
  large: { vcpus: 4, ecuPerVcpu: 4, memoryMib: mibFromGib(8), systemDiskGib: 40 },
  huge: { vcpus: 12, ecuPerVcpu: 4, memoryMib: mibFromGib(32), systemDiskGib: 40 },
} satisfies Record<string, Size>;
