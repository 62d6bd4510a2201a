import { createHash } from 'node:crypto'
import { later } from '../../clock.ts'
import { type Random, secret } from '../../random.ts'
import type { Client } from '../client.ts'
import { invalidRequest, OAuthError } from '../errors.ts'
import { type Parameters, parseParameters } from '../parameters.ts'
import { parseRequest, replyTo } from './parse.ts'
import { checkPresentation } from './presentation.ts'
import { parameterNames } from './request.ts'
import { openRequestObject, type RequestObjectDependencies } from './request-object.ts'
import type { PushedRequest, PushedRequestStore } from './stores.ts'

const prefix = 'urn:ietf:params:oauth:request_uri:'
/** Seconds, RFC 9126 §2.2. */
const lifetime = 60
/** Bytes: anybody may push in the name of a public client. */
const mostKept = 16 * 1024

export type PushDependencies = RequestObjectDependencies & {
  readonly pushedRequests: PushedRequestStore
  readonly random: Random
  /** The subject of a valid `id_token_hint`. */
  hintedSubject(hint: string | undefined, clientId: string): Promise<string | undefined>
}

/** RFC 9126 §2.2; `expires_in` is seconds. */
export type PushResponse = { readonly request_uri: string; readonly expires_in: number }

/**
 * RFC 9126 §2.1: the whole request is checked when it is pushed, so that its client learns its mistakes.
 * @param client proven
 * @param jkt of the DPoP proof that came with it
 * @throws OAuthError as the authorization endpoint would
 */
export const push = async (
  sent: Parameters,
  client: Client,
  jkt: string | undefined,
  deps: PushDependencies,
): Promise<PushResponse> => {
  // RFC 9126 §2.1: the one parameter that cannot be pushed.
  if (sent.optional('request_uri') !== undefined) throw invalidRequest('request_uri cannot be pushed (RFC 9126 §2.1).')
  const object = sent.optional('request')
  // RFC 9126 §2.1: client_id, "as a required authorization request parameter, ... is similarly required". An object has its own.
  if (object === undefined) sent.required('client_id')
  // RFC 9126 §3: beside the object, only what authenticates the client counts.
  const parameters = object === undefined ? sent : parseParameters(await openRequestObject(object, client, deps))

  checkPresentation(client, { by: 'push', isSigned: object !== undefined })
  const { client: _, ...to } = replyTo(parameters, client)
  const hinted = await deps.hintedSubject(parameters.optional('id_token_hint'), client.client_id)
  const { dpopJkt } = parseRequest(parameters, client, to, hinted, deps.issuer)
  // RFC 9449 §10.1: "the authorization server MUST reject the request" where the two differ.
  if (jkt !== undefined && dpopJkt !== undefined && jkt !== dpopJkt)
    throw new OAuthError('invalid_dpop_proof', 'dpop_jkt is not the thumbprint of the key of the DPoP proof.')

  const kept = keptOf(parameters)
  if (kept.length > mostKept) throw invalidRequest('The request is too long: 16 KiB of it are kept.')
  const handle = secret(deps.random, 'tsq_')
  await deps.pushedRequests.create({
    hash: hashOf(handle),
    clientId: client.client_id,
    parameters: kept,
    jkt,
    createdAt: deps.now,
    expiresAt: later(deps.now, lifetime),
    spentAt: undefined,
  })
  return { request_uri: prefix + handle, expires_in: lifetime }
}

export const isPushed = (requestUri: string): boolean => requestUri.startsWith(prefix)

/** What was pushed under a `request_uri`, or undefined when there is nothing that this client may use now. */
export const findPushed = async (
  requestUri: string,
  client: Client,
  { pushedRequests, now }: { readonly pushedRequests: Pick<PushedRequestStore, 'find'>; readonly now: Date },
): Promise<PushedRequest | undefined> => {
  const found = await pushedRequests.find(hashOf(requestUri.slice(prefix.length)))
  return found && found.clientId === client.client_id && found.expiresAt > now ? found : undefined
}

const hashOf = (handle: string): Buffer => createHash('sha256').update(handle).digest()

/** What means something, form-encoded: neither what proved the client nor what nobody here reads. */
const keptOf = (parameters: Parameters): string => {
  const present = new Set(parameters.names())
  const valuesOf = (name: string) => (name === 'resource' ? parameters.list(name) : [parameters.required(name)])
  const names = parameterNames.filter((name) => present.has(name))
  return new URLSearchParams(names.flatMap((name) => valuesOf(name).map((value) => [name, value]))).toString()
}
