import { parseClaims } from '../claims.ts'
import type { Client } from '../client.ts'
import { invalidRequest, invalidScope, OAuthError, unauthorizedClient } from '../errors.ts'
import type { Parameters } from '../parameters.ts'
import { checkChallenge, requireChallenge } from '../pkce.ts'
import { wantsSignedResponse } from '../profile.ts'
import { matches } from '../redirect-uri.ts'
import { audienceFor, parseResources } from '../resource.ts'
import { parseScope, within } from '../scope.ts'
import { type Prompt, type RedirectedRequest, type ResponseMode, responseModes } from './request.ts'
import { isSigned, type ReplyTo } from './response.ts'

/** An authorization request that may not be answered by redirect: a page, RFC 6749 §4.1.2.1. */
export class Unredirectable extends OAuthError {
  readonly subject: 'client' | 'redirect_uri'
  /** What a developer on loopback may see beside it. */
  readonly received: string | undefined
  readonly registered: readonly string[]

  constructor(
    subject: 'client' | 'redirect_uri',
    description: string,
    received?: string,
    registered: readonly string[] = [],
  ) {
    super('invalid_request', description)
    this.subject = subject
    this.received = received
    this.registered = registered
  }
}

/**
 * The first question: where may we reply?
 * @throws Unredirectable R1–R9: the client or its redirect URI is not known
 */
export const replyTo = (parameters: Parameters, client: Client | undefined): ReplyTo & { readonly client: Client } => {
  // One text for unknown, disabled and deleted: it tells nobody which clients exist.
  if (!client || client.disabledAt)
    throw new Unredirectable('client', 'client_id is missing, or no client of that name is registered.')
  const redirectUri = parameters.optional('redirect_uri')
  // OAuth 2.1 would let a single registered one stand in; a request that says where it goes is easier to reason about.
  if (redirectUri === undefined)
    throw new Unredirectable('redirect_uri', 'redirect_uri is missing.', undefined, client.redirect_uris)
  if (!matches(client.redirect_uris, redirectUri))
    throw new Unredirectable(
      'redirect_uri',
      'redirect_uri is not registered: it is compared character by character (RFC 9700 §2.1).',
      redirectUri,
      client.redirect_uris,
    )
  return {
    client,
    clientId: client.client_id,
    redirectUri,
    responseMode: answerable(isResponseMode(legible(parameters, 'response_mode')), client),
    state: legible(parameters, 'state'),
  }
}

/** FAPI 2.0 Message Signing §5.4: who wants signed answers asks for one, and hears so in a signed one where it did not. */
const answerable = (mode: ResponseMode | undefined, client: Client): ResponseMode => {
  if (wantsSignedResponse(client)) return mode !== undefined && isSigned(mode) ? mode : 'jwt'
  return mode ?? 'query'
}

/** RFC 6749 §4.1.2.1: what is wrong with these two is told to the client as well, and neither says where the client is. */
const legible = (parameters: Parameters, name: 'response_mode' | 'state'): string | undefined => {
  try {
    return parameters.optional(name)
  } catch (error) {
    if (error instanceof OAuthError) return undefined
    throw error
  }
}

/** What else is asked; each refusal can be redirected. `hintedSubject` is of a hint that was verified. */
export const parseRequest = (
  parameters: Parameters,
  client: Client,
  to: ReplyTo,
  hintedSubject: string | undefined,
  issuer: string,
): RedirectedRequest => {
  parameters.refuseRepeats()
  // Unreadable, it is not given back.
  parameters.optional('state')
  refuseUnsupported(parameters, client)
  const scope = requestedScope(parameters.optional('scope'), client)
  const resources = parseResources(parameters.list('resource'), client.resources)
  audienceFor(resources, client.resources, scope, issuer)
  const claims = parseClaims(parameters.optional('claims'))
  const claimedSubject = claims.id_token?.sub?.value
  const { clientId, redirectUri, responseMode, state } = to
  return {
    clientId,
    redirectUri,
    responseMode,
    state,
    scope,
    resources: resources.length > 0 ? resources : client.resources.slice(0, 1),
    nonce: parameters.optional('nonce'),
    codeChallenge: challengeOf(parameters, client),
    prompt: parsePrompt(parameters.optional('prompt')),
    // OIDC Registration §2: what the request says overrides what was registered.
    maxAge: parseMaxAge(parameters.optional('max_age')) ?? client.default_max_age,
    loginHint: parameters.optional('login_hint'),
    hintedSubject: subjectOf(hintedSubject, claimedSubject),
    acrValues:
      parameters.optional('acr_values') === undefined
        ? client.default_acr_values
        : words(parameters.optional('acr_values')),
    uiLocales: words(parameters.optional('ui_locales')),
    claims,
    dpopJkt: thumbprintIn(parameters.optional('dpop_jkt')),
    pushedHash: undefined,
  }
}

/** RFC 9449 §10: a SHA-256 thumbprint, RFC 7638. */
const thumbprintIn = (jkt: string | undefined): string | undefined => {
  if (jkt !== undefined && !/^[\w-]{43}$/.test(jkt))
    throw invalidRequest('dpop_jkt must be 43 base64url characters (RFC 9449 §10).')
  return jkt
}

const refuseUnsupported = (parameters: Parameters, client: Client): void => {
  // OIDC Core §3.1.2.6: never ignored.
  if (parameters.optional('registration') !== undefined)
    throw new OAuthError('registration_not_supported', 'The registration parameter is not supported.')
  if (!client.grant_types.includes('authorization_code'))
    throw unauthorizedClient('This client may not use the authorization code grant.')
  const responseType = parameters.optional('response_type')
  if (responseType === undefined) throw invalidRequest('response_type is missing.')
  if (responseType !== 'code') {
    throw new OAuthError(
      'unsupported_response_type',
      'Only response_type=code is served: OAuth 2.1 and RFC 9700 forbid the implicit flows.',
    )
  }
  const mode = parameters.optional('response_mode')
  if (mode !== undefined && !isResponseMode(mode))
    throw invalidRequest(`response_mode must be one of: ${responseModes.join(', ')}.`)
  // FAPI 2.0 Message Signing §5.4.
  if (wantsSignedResponse(client) && !(mode !== undefined && isSigned(mode)))
    throw invalidRequest('response_mode must be jwt, query.jwt or form_post.jwt for this client.')
}

export const requestedScope = (asked: string | undefined, client: Client): readonly string[] => {
  const registered = parseScope(client.scope)
  const scope = asked === undefined ? registered : parseScope(asked)
  if (!within(scope, registered)) throw invalidScope('A scope asked for is not registered for this client.')
  return scope
}

/** R20: whom the request is about. Two ways to say it, and neither may overrule the other. */
const subjectOf = (hinted: string | undefined, claimed: unknown): string | undefined => {
  if (typeof claimed !== 'string') return hinted
  if (hinted !== undefined && hinted !== claimed)
    throw invalidRequest('id_token_hint and claims name different people.')
  return claimed
}

const challengeOf = (parameters: Parameters, client: Client): string | undefined => {
  const sent = checkChallenge(parameters.optional('code_challenge'), parameters.optional('code_challenge_method'))
  requireChallenge(client, sent)
  return sent
}

const prompts: readonly Prompt[] = ['none', 'login', 'consent', 'select_account']

const parsePrompt = (text: string | undefined): readonly Prompt[] => {
  const asked = words(text)
  const known = prompts.filter((prompt) => asked.includes(prompt))
  if (known.length < new Set(asked).size) throw invalidRequest(`prompt may hold: ${prompts.join(', ')}.`)
  // OIDC Core §3.1.2.1.
  if (known.includes('none') && known.length > 1) throw invalidRequest('prompt=none stands alone.')
  return known
}

const parseMaxAge = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (!/^\d{1,10}$/.test(text)) throw invalidRequest('max_age is a number of seconds, 0 or more.')
  return Number(text)
}

const words = (text: string | undefined): readonly string[] => (text ?? '').split(' ').filter((word) => word !== '')

const isResponseMode = (mode: string | undefined): ResponseMode | undefined =>
  responseModes.find((known) => known === mode)
