import { CloudHostError } from "../errors.ts";
import { builtInResources } from "../ports/host.ts";

/** What a product counts besides the built-in resources, by name: `{ gpu: { unit: "device" } }`. */
export type DeclaredResourcesOption = Readonly<Record<string, { readonly unit: string }>>;

/** The countable resources that the product declared. */
export class DeclaredResourceNames {
  readonly declared: DeclaredResourcesOption;

  /** @throws CloudHostError `INVALID_ARGUMENT` for a name that is built in, or is no name */
  constructor(declared: DeclaredResourcesOption) {
    this.declared = declared;
    for (const name of Object.keys(declared)) {
      const message = (builtInResources as readonly string[]).includes(name)
        ? "this resource is built in"
        : /^[a-z][A-Za-z0-9]{0,62}$/.test(name)
          ? undefined
          : "not a resource's name (camelCase)";
      if (message !== undefined) throw invalid(`resources.${name}`, message, "a countable resource");
    }
  }

  /** @throws CloudHostError `INVALID_ARGUMENT` when something is asked for that nobody counts */
  check(amounts: Readonly<Record<string, number>>, what: string): void {
    for (const name of Object.keys(amounts)) {
      if (!Object.hasOwn(this.declared, name)) throw invalid(`resources.${name}`, "no such resource is declared", what);
    }
  }
}

const invalid = (path: string, message: string, what: string): CloudHostError =>
  new CloudHostError("INVALID_ARGUMENT", `This is not ${what}: ${message} at ${path}.`, {
    issues: [{ path, message }],
  });
