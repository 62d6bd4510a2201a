import type { ClientMetadata } from '../client.ts'
import { isLoopback, isRegistrable } from '../redirect-uri.ts'

export type Mistake = { readonly field: string; readonly problem: string }

/** @property needs the fields that must have the right shape for the rule to mean anything */
export type Contradiction = Mistake & { readonly needs: readonly (keyof ClientMetadata)[] }

export const when = (
  wrong: boolean,
  field: keyof ClientMetadata,
  problem: string,
  needs: readonly (keyof ClientMetadata)[] = [],
): readonly Contradiction[] => (wrong ? [{ field, problem, needs: [field, ...needs] }] : [])

export const rule = (
  problem: string | undefined,
  needs: keyof ClientMetadata,
  field: string = needs,
): readonly Contradiction[] => (problem === undefined ? [] : [{ field, problem, needs: [needs] }])

/** For what a browser or this server opens: https, or http on this machine. */
export const webProblem = (uri: string): string | undefined =>
  isRegistrable(uri) ?? (uri.toLowerCase().startsWith('https:') || isLoopback(uri) ? undefined : 'is not https')

/** RFC 3986 §3.5. */
const fragment = /^(?:[\w\-.~:/?@!$&'()*+,;=]|%[\da-fA-F]{2})*$/

/** For a page that a person opens: it may lead to a place within it. */
export const pageProblem = (uri: string): string | undefined => {
  const [page = '', ...rest] = uri.split('#')
  return webProblem(page) ?? (fragment.test(rest.join('#')) ? undefined : 'has a fragment that RFC 3986 does not allow')
}
