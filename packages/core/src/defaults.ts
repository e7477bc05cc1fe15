import { Container, ContainerModule } from "inversify";
import type { ContainerModuleLoadOptions } from "inversify";

/**
 * A module of bindings that give way: what the product has bound in its container before stays, and ours is bound where
 * nobody asks.
 */
export const defaults = (wire: (options: Pick<ContainerModuleLoadOptions, "bind">) => void): ContainerModule =>
  new ContainerModule(({ bind, isBound }) => {
    const nowhere = new Container();
    wire({ bind: (token) => (isBound(token) ? nowhere.bind(token) : bind(token)) });
  });
