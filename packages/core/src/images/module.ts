import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { ImageRecords } from "./store.ts";

/** Images' rows; their content is the image store's. */
export const imagesModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.images)
    .toResolvedValue((database) => new ImageRecords(database), [tokens.database])
    .inSingletonScope();
});
