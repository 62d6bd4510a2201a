import type { SigningAlgorithm } from './client.ts'
import { invalidTarget } from './errors.ts'
import { within } from './scope.ts'

const most = 10

/** Why a string is no resource indicator, or undefined when it is. RFC 8707 §2: an absolute URI without a fragment. */
export const resourceProblem = (uri: string): string | undefined => {
  if (!/^[a-z][a-z\d+.-]*:[\x21-\x7e]+$/i.test(uri) || !URL.canParse(uri)) return 'is not an absolute URI'
  return uri.includes('#') ? 'has a fragment' : undefined
}

/**
 * The resources a request asks for, each once.
 * @param allowed the client's, or what was granted before
 * @throws invalid_target
 */
export const parseResources = (asked: readonly string[], allowed: readonly string[]): readonly string[] => {
  if (asked.length > most) throw invalidTarget(`A request may ask for at most ${most} resources.`)
  for (const uri of asked) {
    const problem = resourceProblem(uri)
    if (problem !== undefined) throw invalidTarget(`A resource ${problem} (RFC 8707 §2).`)
  }
  if (!within(asked, allowed)) throw invalidTarget('A resource asked for is not allowed to this client or grant.')
  return [...new Set(asked)]
}

/**
 * The `aud` of an access token. Without a `resource` it is the default one (RFC 9068 §3). A client that only logs people
 * in has none, and what it may call with its token is the userinfo endpoint: that audience is the issuer.
 * @param granted the client's resources, or those of its grant; the first is the default
 * @throws invalid_target when a resource was not granted, or there is nothing the token could be for
 */
export const audienceFor = (
  requested: readonly string[],
  granted: readonly string[],
  scope: readonly string[],
  issuer: string,
): readonly string[] => {
  if (!within(requested, granted)) throw invalidTarget('A resource asked for was not granted.')
  if (requested.length > 0) return requested
  const [standard] = granted
  if (standard !== undefined) return [standard]
  if (scope.includes('openid')) return [issuer]
  throw invalidTarget('The request names no resource and the client has no default one (RFC 9068 §3).')
}

/**
 * What the tokens for these resources are signed with, where the resources and not the client decide it.
 * @throws invalid_target when one token would have to be signed in two ways
 */
export const algorithmFor = (
  audience: readonly string[],
  algorithms: ReadonlyMap<string, SigningAlgorithm>,
): SigningAlgorithm | undefined => {
  const [wanted, ...others] = new Set(audience.flatMap((uri) => algorithms.get(uri) ?? []))
  if (others.length > 0)
    throw invalidTarget('These resources want tokens signed by different algorithms: ask for one of them at a time.')
  return wanted
}
