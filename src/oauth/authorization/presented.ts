import type { Client } from '../client.ts'
import { invalidRequest, OAuthError } from '../errors.ts'
import { type Parameters, parseParameters } from '../parameters.ts'
import { isOfProfile } from '../profile.ts'
import { type Trust, trustOf } from '../trust.ts'
import type { Presentation } from './presentation.ts'
import { findPushed, isPushed } from './pushed-request.ts'
import { openRequestObject, type RequestObjectDependencies } from './request-object.ts'
import type { PushedRequest, PushedRequestStore } from './stores.ts'

/** Reads the request objects that clients publish. The edge decides where it may connect to, and how often. */
export type RequestObjects = {
  /**
   * @returns undefined when there is none to be had; why is in the edge's log
   * @throws Unavailable when it was not tried, because too much is under way
   */
  get(uri: string, trust: Trust): Promise<string | undefined>
}

export type Presented = {
  readonly parameters: Parameters
  readonly how: Presentation
  readonly pushed: PushedRequest | undefined
}

export type PresentationDependencies = RequestObjectDependencies & {
  readonly pushedRequests: Pick<PushedRequestStore, 'find'>
  readonly requestObjects: RequestObjects
}

/**
 * Where the parameters of a request really are: in the address itself, in a signed object (RFC 9101), behind an address
 * that the client registered (OIDC Core §6.2), or pushed beforehand (RFC 9126). With one of the last three, only
 * `client_id` counts of what stands beside it (RFC 9101 §6.3): nothing is mixed, and nothing overrides.
 * @param client undefined when none of that id is registered: then there is nobody to answer
 * @throws OAuthError that may not be redirected: whoever sent this has not shown where to
 */
export const presented = async (
  sent: Parameters,
  client: Client | undefined,
  deps: PresentationDependencies,
): Promise<Presented> => {
  const asItIs: Presented = { parameters: sent, how: { by: 'parameters', isSigned: false }, pushed: undefined }
  if (!client) return asItIs
  const [object, uri] = [sent.optional('request'), sent.optional('request_uri')]
  // RFC 9101 §5: the one or the other.
  if (object !== undefined && uri !== undefined)
    throw invalidRequest('request and request_uri exclude each other (RFC 9101 §5).')
  // R7: refused even where it would be ignored.
  if (object !== undefined || uri !== undefined) sent.refuseRepeats()
  if (uri !== undefined && isPushed(uri)) return byPush(uri, client, deps)
  const jwt = uri === undefined ? object : await fetched(uri, client, deps)
  if (jwt === undefined) return asItIs
  const parameters = parseParameters(await openRequestObject(jwt, client, deps))
  return { parameters, how: { by: 'object', isSigned: true }, pushed: undefined }
}

const byPush = async (uri: string, client: Client, deps: PresentationDependencies): Promise<Presented> => {
  const pushed = await findPushed(uri, client, deps)
  // RFC 9126 §4; one text for unknown, expired and another client's.
  if (!pushed) throw invalidRequestUri('The request_uri is unknown, or has expired: a pushed request lives 60 seconds.')
  if (pushed.spentAt) throw new SpentRequestUri()
  const parameters = parseParameters(new URLSearchParams(pushed.parameters))
  return { parameters, how: { by: 'push', isSigned: true }, pushed }
}

/** OIDC Core §6.2: only what was registered is fetched, character by character; its fragment says what is there now. */
const fetched = async (uri: string, client: Client, deps: PresentationDependencies): Promise<string> => {
  if (isOfProfile(client)) throw invalidRequestUri('Only pushed requests are served to this client.')
  if (!client.request_uris.some((registered) => withoutFragment(registered) === withoutFragment(uri)))
    throw invalidRequestUri('The request_uri is not registered for this client.')
  const jwt = await deps.requestObjects.get(uri, trustOf(client))
  if (jwt === undefined) throw invalidRequestUri('The request_uri could not be read.')
  return jwt
}

/** What is asked for at the other end. */
export const withoutFragment = (uri: string): string => uri.split('#', 1)[0] ?? uri

const invalidRequestUri = (description: string) => new OAuthError('invalid_request_uri', description)

/** RFC 9126 §7.3: what was pushed has been answered. */
export class SpentRequestUri extends OAuthError {
  constructor() {
    super('invalid_request_uri', 'The request_uri was used before: its request has been answered.')
  }
}
