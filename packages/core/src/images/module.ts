import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";
import { ImageRecords } from "./store.ts";

/** Images' rows; their content is the image store's. */
export const imagesModule = new ContainerModule(({ bind }) => {
  bind(tokens.images)
    .toResolvedValue((database) => new ImageRecords(database), [tokens.database])
    .inSingletonScope();
});
