import type { ActorCloud, Cloud } from "@cloudhost/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IdentityProvider } from "../identity/identity-provider.ts";

const decorator = "cloud";

/** The cloud as whoever sent the request: every call is authorised as theirs. */
export const cloudOf = (request: FastifyRequest): ActorCloud => request.getDecorator<ActorCloud>(decorator);

/** A hook that knows who sends a request by its bearer token, or answers 401. */
export const authenticate =
  (cloud: Cloud, identity: IdentityProvider) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const actor = token === undefined ? undefined : await identity.actorOf(token);
    if (actor === undefined) {
      const message = token === undefined ? "Send a bearer token." : "Nobody gave out this token.";
      return reply
        .code(401)
        .header("www-authenticate", "Bearer")
        .send({ error: { code: "UNAUTHENTICATED", message } });
    }
    request.setDecorator(decorator, cloud.as(actor));
    return undefined;
  };

authenticate.decorator = decorator;
