import { fileURLToPath } from "node:url";
import ts from "typescript";

/** A public method, as the types say. */
export interface PublicMethod {
  /** As in the table of permissions: `servers.create`. */
  readonly name: string;
  /** Whether its first argument is a string: the name or id of something. */
  readonly names: boolean;
}

/** Every method that `cloud.as(actor)` has, read from the types alone: what is not declared there is not public. */
export function publicSurface(): readonly PublicMethod[] {
  const file = fileURLToPath(import.meta.resolve("@cloudhost/core/package.json")).replace(
    /package\.json$/,
    "src/actor-cloud.ts",
  );
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const actorCloud = checker.getExportsOfModule(module as ts.Symbol).find(({ name }) => name === "ActorCloud");
  return methodsOf(checker, checker.getDeclaredTypeOfSymbol(actorCloud as ts.Symbol), []);
}

function methodsOf(checker: ts.TypeChecker, type: ts.Type, path: readonly string[]): readonly PublicMethod[] {
  return checker.getPropertiesOfType(type).flatMap((property) => {
    const { name } = property;
    // A private member: `#caller`.
    if (name.startsWith("#")) return [];
    const [call] = checker.getTypeOfSymbol(property).getCallSignatures();
    if (call === undefined) return methodsOf(checker, checker.getTypeOfSymbol(property), [...path, name]);
    // A function of the cloud itself is the one that its namespace has: `events()` is `events.read`.
    const method = path.length === 0 ? [name, "read"] : [...path, name];
    const [first] = call.getParameters();
    const names = first !== undefined && (checker.getTypeOfSymbol(first).flags & ts.TypeFlags.String) !== 0;
    return [{ name: method.join("."), names }];
  });
}
