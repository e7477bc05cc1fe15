// Run by mutants.test.ts, and by nothing else: its cases fail.
import { describeComputeDriver } from "@cloudhost/conformance";
import type { ComputeSubject } from "@cloudhost/conformance";
import type { ExtendedComputeDriver } from "@cloudhost/core/ports";
import { openSubject } from "../subject.ts";
import { mutants } from "./mutants.ts";
import type { FakeDriver, Mutant } from "./mutant.ts";

/** The driver with the mutant's methods in the place of its own. */
function mutated(driver: ExtendedComputeDriver, mutant: Mutant): ExtendedComputeDriver {
  const faulty: Readonly<Record<PropertyKey, unknown>> = { ...mutant.mutate(driver as FakeDriver) };
  return new Proxy(driver, {
    has: (target, name) => (name in faulty ? faulty[name as string] !== undefined : name in target),
    get(target, name) {
      if (name in faulty) return faulty[name as string];
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? (own.bind(target) as unknown) : own;
    },
  });
}

for (const mutant of mutants) {
  describeComputeDriver(mutant.name, async (): Promise<ComputeSubject> => {
    const subject = await openSubject(mutant.host);
    return {
      ...subject,
      driver: mutated(subject.driver, mutant),
      readyWithinMs: 500,
      reopen: async (reserve) => mutated(await subject.reopen(reserve), mutant),
    };
  });
}
