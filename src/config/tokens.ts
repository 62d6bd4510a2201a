import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ClaimsOfScope, standardClaimsOfScope } from '../oauth/claims.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../oauth/client.ts'
import { configuredClaims } from '../oauth/configured-claims.ts'
import { resourceProblem } from '../oauth/resource.ts'
import { algorithms, list, Mistake, oneOf } from './rules.ts'
import { variable } from './variable.ts'

export type ResourceAlgorithms = ReadonlyMap<string, SigningAlgorithm>

/** A resource may hold `=` itself; an algorithm holds none. */
const resourceAlgorithm = (item: string): readonly [string, SigningAlgorithm] => {
  const at = item.lastIndexOf('=')
  const resource = item.slice(0, Math.max(at, 0))
  if (resourceProblem(resource) !== undefined)
    throw new Mistake('must list resources with an algorithm each, such as https://api.example=ES256')
  return [resource, oneOf(signingAlgorithms)(item.slice(at + 1))]
}

const resourceAlgorithms = (value: string): ResourceAlgorithms => {
  const pairs = list(resourceAlgorithm)(value)
  const byResource = new Map(pairs)
  if (byResource.size < pairs.length) throw new Mistake('must not name anything twice')
  return byResource
}

const claimsFile = (path: string): ClaimsOfScope => {
  try {
    return configuredClaims(JSON.parse(readFileSync(resolve(path), 'utf8')), (problem) => new Mistake(problem))
  } catch (error) {
    if (error instanceof Mistake) throw error
    if (error instanceof SyntaxError) throw new Mistake('names a file that is not JSON')
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Mistake(`names a file that cannot be read (${code})`)
  }
}

/** What tokens say, and how they are signed. */
export const tokenVariables = {
  signingAlgorithms: variable<readonly SigningAlgorithm[]>({
    name: 'SIGNING_ALGORITHMS',
    // A key of ES256 or EdDSA is made in no time; one of PS256 costs as much as the first of RS256.
    fallback: ['RS256', 'ES256', 'EdDSA'],
    shown: '`RS256,ES256,EdDSA`',
    meaning: `Comma separated, of ${signingAlgorithms.map((name) => `\`${name}\``).join(', ')}; a key of each is kept. RS256 must be among them.`,
    rule: algorithms,
  }),
  resourceAlgorithms: variable<ResourceAlgorithms>({
    name: 'RESOURCE_ALGORITHMS',
    fallback: new Map(),
    shown: 'what the app is registered for',
    meaning:
      'What access tokens for an API are signed with, whichever app asks for them: comma separated, as `https://api.example=ES256`.',
    rule: resourceAlgorithms,
  }),
  claimsOfScope: variable<ClaimsOfScope>({
    name: 'CLAIMS_FILE',
    fallback: standardClaimsOfScope,
    shown: 'the scopes of OpenID Connect, `groups` and `roles`',
    meaning:
      'A JSON file of further scopes and the claims about a person that each gives: `{"department": ["department", "cost_center"]}`.',
    rule: claimsFile,
  }),
}
