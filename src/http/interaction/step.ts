import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Clock, later } from '../../clock.ts'
import { sessionHash } from '../../identity/session.ts'
import type { AuthorizationRequest } from '../../oauth/authorization/request.ts'
import type { Interaction, InteractionStore } from '../../oauth/authorization/stores.ts'
import type { Client } from '../../oauth/client.ts'
import { isEntitled } from '../../oauth/entitlement.ts'
import { matches } from '../../oauth/redirect-uri.ts'
import type { ClientStore, Consent, Person } from '../../oauth/stores.ts'
import { type Random, secret } from '../../random.ts'
import { type Browser, hashOf } from '../browser.ts'
import { PageError } from '../page-error.ts'

/** Ten minutes to log in and to consent. */
const interactionLifetime = 600

/** An interaction with who is at the browser now, and the client that waits for it. */
export type Step = {
  readonly id: string
  readonly interaction: Interaction
  readonly client: Client
  readonly person: Person | undefined
  readonly consent: Consent | undefined
  readonly now: Date
}

export type Steps = {
  /** @returns the id under which the request waits for its person, in this browser alone */
  open(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AuthorizationRequest,
    at: { readonly receivedAt: Date; readonly now: Date },
  ): Promise<string>
  /** @throws PageError for an interaction that is unknown, over, done, or another browser's */
  load(request: FastifyRequest, id: string | undefined): Promise<Step>
}

export const createSteps = ({
  clients,
  interactions,
  browser,
  clock,
  random,
}: {
  readonly clients: ClientStore
  readonly interactions: InteractionStore
  readonly browser: Browser
  readonly clock: Clock
  readonly random: Random
}): Steps => ({
  async open(request, reply, asked, { receivedAt, now }) {
    const id = secret(random, 'tsi_')
    await interactions.create({
      idHash: hashOf(id),
      browserHash: hashOf(browser.id(request, reply)),
      clientId: asked.clientId,
      request: asked,
      receivedAt,
      expiresAt: later(now, interactionLifetime),
      completedAt: undefined,
    })
    return id
  },

  async load(request, id) {
    const now = clock.now()
    if (id === undefined || !/^tsi_[\w-]{43}$/.test(id))
      throw new PageError(400, 'expired', 'invalid_request', 'no interaction')
    const found = await interactions.find(hashOf(id), sessionHash(browser.session(request)), now)
    if (!found) throw new PageError(400, 'expired', 'invalid_request', 'the interaction is unknown, or swept')
    const { interaction, person, consent } = found
    if (!browser.hash(request)?.equals(interaction.browserHash))
      throw new PageError(403, 'other_browser', 'access_denied', 'the interaction belongs to another browser')
    const client = await clients.find(interaction.clientId)
    if (!client || client.disabledAt) throw new PageError(400, 'client', 'invalid_request', 'the client is gone since')
    if (interaction.completedAt) throw completed(client)
    if (interaction.expiresAt <= now) throw expired(client)
    checkRegistration(interaction.request, client)
    return { id, interaction, client, person, consent, now }
  },
})

/** What was registered when the page was opened may be so no longer: then neither a code nor a refusal goes there. */
const checkRegistration = (asked: AuthorizationRequest, client: Client): void => {
  if (!asked.device && !matches(client.redirect_uris, asked.redirectUri))
    throw new PageError(400, 'redirect_uri', 'invalid_request', 'the redirect URI was taken away since', appOf(client))
  if (!isEntitled(asked, client))
    throw new PageError(400, 'request', 'invalid_request', 'a scope or resource was taken away since', appOf(client))
}

const appOf = ({ client_id: clientId, client_name: name, client_uri: uri }: Client) => ({
  clientId,
  app: { name, uri },
})

export const completed = (client: Client): PageError =>
  new PageError(400, 'completed', 'invalid_request', 'the interaction was completed before', appOf(client))

/** RFC 9126 §7.3: what was pushed, by another request of the same moment. */
export const answered = (client: Client): PageError =>
  new PageError(400, 'completed', 'invalid_request_uri', 'the pushed request was answered before', appOf(client))

export const expired = (client: Client): PageError =>
  new PageError(400, 'expired', 'invalid_request', 'the interaction expired', appOf(client))
