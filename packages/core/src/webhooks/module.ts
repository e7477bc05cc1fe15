import type { ContainerModule } from "inversify";
import { NamedLease } from "../database/named-lease.ts";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { WebhookCourier } from "./courier.ts";
import { DeliveryStore } from "./delivery-store.ts";
import { WebhookFanOut } from "./fan-out.ts";
import { SecretBox } from "./secret-box.ts";
import { WebhookStore } from "./store.ts";

/** Subscriptions to events, and who carries them. */
export const webhooksModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.webhooks)
    .toResolvedValue((database) => new WebhookStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.webhookDeliveries)
    .toResolvedValue((database) => new DeliveryStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.webhookSecrets)
    .toResolvedValue(({ webhooks }) => new SecretBox(webhooks.secretKey), [tokens.settings])
    .inSingletonScope();
  bind(tokens.webhookCourier)
    .toResolvedValue(
      (database, webhooks, deliveries, secrets, carrier, ids, clock, logger, settings) =>
        new WebhookCourier({
          database,
          webhooks,
          deliveries,
          secrets,
          carrier,
          clock,
          logger,
          settings: settings.webhooks,
          fanOut: new WebhookFanOut({ database, webhooks, deliveries, ids, clock, logger }),
          lease: new NamedLease(database, "webhooks", ids.next("own"), settings.leaseMs),
        }),
      [
        tokens.database,
        tokens.webhooks,
        tokens.webhookDeliveries,
        tokens.webhookSecrets,
        tokens.webhookCarrier,
        tokens.ids,
        tokens.clock,
        tokens.logger,
        tokens.settings,
      ],
    )
    .inSingletonScope();
});
